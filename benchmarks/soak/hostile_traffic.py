"""Hostile traffic beside the honest load, from another address: what broken and malicious peers do, one at a time."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Self

from benchmarks.soak.tally import Tally
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import (
    AC,
    P_DATA,
    RELEASE_RQ,
    RawSender,
    associate_request,
    pdu,
    pdv,
    store_command,
)
from tests.hazards.mutations import mutated

TITLE: Final = "HOSTILE"
ADDRESS: Final = "127.0.0.2"
PEER: Final = f"""
[[peers]]
name = "hostile"
ae_title = "{TITLE}"
host = "{ADDRESS}"
port = 104
may_send = true
"""
"""It is a configured peer: what it does is not turned away at the door."""
_ANSWER_SECONDS: Final = 5.0
_IDLE_SOCKETS: Final = 8
_KEPT_OPEN: Final = 24


class HostileSender(RawSender):
    """A connection from the hostile address."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS, source_address=(ADDRESS, 0))
        self.results = {}


class HostileTraffic:
    """A thread that attacks between ``with`` and its end."""

    def __init__(self, port: int, seed: int, tally: Tally, *, pause_seconds: float) -> None:
        """``pause_seconds``: on average between two attacks."""
        self._port, self._dice, self._tally, self._pause = port, random.Random(seed), tally, pause_seconds
        self._idle: deque[HostileSender] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for sender in self._idle:
            sender.socket.close()

    def _work(self) -> None:
        attacks: tuple[Callable[[], None], ...] = (
            self._sit_idle,
            self._knock,
            self._come_as_a_stranger,
            self._converse_damaged,
            self._store_damaged,
            self._speak_http,
        )
        while not self._stopping.wait(self._dice.expovariate(1 / self._pause)):
            attack = self._dice.choice(attacks)
            with contextlib.suppress(OSError):  # the node has ended it, or is down
                attack()
                self._tally.count(f"hostile: {attack.__name__.strip('_').replace('_', ' ')}")

    def _sit_idle(self) -> None:
        for _ in range(_IDLE_SOCKETS):
            self._idle.append(HostileSender(self._port))
        while len(self._idle) > _KEPT_OPEN:
            self._idle.popleft().socket.close()

    def _knock(self) -> None:
        for _ in range(10):
            HostileSender(self._port).socket.close()

    def _come_as_a_stranger(self) -> None:
        with HostileSender(self._port) as sender:
            sender.associate(calling="STRANGER")

    def _converse_damaged(self) -> None:
        """A whole conversation with one to four faults anywhere."""
        data_set, uid = self._foot()
        whole = (
            associate_request(calling=TITLE)
            + pdu(P_DATA, pdv(store_command(CR, uid), 1, 3))
            + pdu(P_DATA, pdv(data_set, 1, 2))
            + pdu(RELEASE_RQ, bytes(4))
        )
        with HostileSender(self._port) as sender:
            sender.socket.sendall(mutated(whole, self._dice))
            sender.socket.shutdown(socket.SHUT_WR)
            while sender.receive().kind:
                pass

    def _store_damaged(self) -> None:
        """Damaged data sets on a valid association, which the sender then forgets."""
        with HostileSender(self._port) as sender:
            if sender.associate(calling=TITLE).kind != AC:
                return
            for _ in range(5):
                data_set, uid = self._foot()
                sender.store(CR, uid, mutated(data_set, self._dice), piece=self._dice.choice((50, 1000, 16_000)))

    def _speak_http(self) -> None:
        with HostileSender(self._port) as sender:
            sender.socket.sendall(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n" + self._dice.randbytes(200))
            sender.receive()

    def _foot(self) -> tuple[bytes, str]:
        """No system wants it, so that what is damaged but whole costs no scoring."""
        keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        names = {keyword: f"2.25.{self._dice.getrandbits(120)}" for keyword in keywords}
        return encoded(radiograph(BodyPartExamined="FOOT", **names)), names["SOPInstanceUID"]
