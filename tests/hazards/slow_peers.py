"""Peers that only time can end, all at once against a node of their own, whose wall clock jumps meanwhile.

They run beside the other tests, since each takes as long as its deadline. An honest sender keeps asking throughout.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import (
    ABORT,
    AC,
    P_DATA,
    RawSender,
    associate_request,
    command,
    pdu,
    pdv,
    store_command,
    uid,
    us,
)
from tests.hazards.attacked_node import AttackedNode

_PATIENCE: Final = 150.0
_STEPS: Final = ((2.0, 3600.0), (8.0, -3600.0), (20.0, 86400.0), (40.0, -86400.0))
"""Seconds from the start, and by how much the wall clock is then wrong."""
_STEPPED_CLOCK: Final = """
import time
_real, _step = time.time, open({path!r})
def _stepped():
    _step.seek(0)
    return _real() + float(_step.read() or 0)
time.time = _stepped
from scoring.cli import main
main()
"""
_LONG_QUESTION: Final = command(
    {0x0002: uid(CR), 0x0100: us(1), 0x0110: us(7), 0x0700: us(0), 0x0800: us(0x101), 0x1000: uid("1." * 7_500)}
)
"""A C-STORE without data set."""


@dataclass(frozen=True)
class Ending:
    """How long the node bore a peer, and whether it said A-ABORT."""

    seconds: float
    aborted: bool


class SlowPeers:
    """The node, the peers in a thread each, and the honest sender."""

    def __init__(self, folder: Path) -> None:
        self._step = folder / "clock_step"
        self._step.write_text("0")
        self.node = AttackedNode(folder, program=_STEPPED_CLOCK.format(path=str(self._step)))
        self.endings: dict[str, Ending] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._over = threading.Event()
        self.honest_rounds, self.honest_failures = 0, list[str]()

    def __enter__(self) -> Self:
        self.node.start()
        for peer in _PEERS:
            self._start(peer.__name__, lambda peer=peer: self._bear(peer))
        self._start("honest", self._ask)
        self._start("clock", self._step_clock)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._threads["honest"].join(_PATIENCE)
        self.node.kill()  # and with it every connection that still waits
        for thread in self._threads.values():
            thread.join(_PATIENCE)

    def ending(self, peer: Callable[..., None]) -> Ending:
        """How it ended; waits for it."""
        self._threads[peer.__name__].join(_PATIENCE)
        assert peer.__name__ in self.endings, "the node still bears it"
        return self.endings[peer.__name__]

    def all_ended(self) -> None:
        """Wait until the node has ended every one, then the honest sender too."""
        for name, thread in self._threads.items():
            if name not in ("honest", "clock"):
                thread.join(_PATIENCE)
        self._over.set()
        self._threads["honest"].join(_PATIENCE)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        self._threads[name] = threading.Thread(target=work, name=name, daemon=True)
        self._threads[name].start()

    def _bear(self, peer: Callable[[RawSender, threading.Event], None]) -> None:
        """Let the peer do its worst until the node ends the connection."""
        with RawSender(self.node.port, seconds=_PATIENCE) as sender:
            began, last, ended = time.monotonic(), 0, threading.Event()
            if peer in _ASSOCIATED:
                assert sender.associate().kind == AC
            if peer is answers_not_read:
                _until_refused(peer, sender, ended)
            else:
                last = self._until_ended(peer, sender, ended)
            self.endings[peer.__name__] = Ending(time.monotonic() - began, last == ABORT)

    @staticmethod
    def _until_ended(peer: Callable[..., None], sender: RawSender, ended: threading.Event) -> int:
        """The kind of the last PDU that the node sent."""
        last = 0
        busy = threading.Thread(target=_until_refused, args=(peer, sender, ended), daemon=True)
        busy.start()
        while (answer := sender.receive()).kind:
            last = answer.kind
        ended.set()
        busy.join()
        return last

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                self.node.serves()
            except (AssertionError, OSError) as error:
                self.honest_failures.append(repr(error))
            self.honest_rounds += 1
            self._over.wait(0.5)

    def _step_clock(self) -> None:
        began = time.monotonic()
        for at, step in _STEPS:
            if self._over.wait(max(0.0, began + at - time.monotonic())):
                return
            self._step.write_text(str(step))


def _until_refused(
    peer: Callable[[RawSender, threading.Event], None], sender: RawSender, ended: threading.Event
) -> None:
    with contextlib.suppress(OSError):  # the node has ended it
        peer(sender, ended)


def idle_socket(_: RawSender, ended: threading.Event) -> None:
    """Says nothing."""
    ended.wait(_PATIENCE)


def request_in_drips(sender: RawSender, ended: threading.Event) -> None:
    """An honest A-ASSOCIATE-RQ, one byte a second."""
    for byte in associate_request():
        sender.socket.sendall(bytes((byte,)))
        if ended.wait(1.0):
            return


def request_without_end(sender: RawSender, ended: threading.Event) -> None:
    """The head of a request and never its body."""
    sender.socket.sendall(associate_request()[:6])
    ended.wait(_PATIENCE)


def data_in_drips(sender: RawSender, ended: threading.Event) -> None:
    """A P-DATA-TF of 1,000 bytes, one byte every two seconds."""
    sender.socket.sendall(struct.pack(">BxL", P_DATA, 1000))
    while not ended.wait(2.0):
        sender.socket.sendall(b"\0")


def idle_association(_: RawSender, ended: threading.Event) -> None:
    """An association, then nothing."""
    ended.wait(_PATIENCE)


def message_without_end(sender: RawSender, ended: threading.Event) -> None:
    """A C-STORE of whole PDUs in good time, each with ten bytes of a data set that never ends."""
    ds = radiograph()
    sender.send_command(store_command(CR, ds.SOPInstanceUID))
    head = encoded(ds)[:-140] + bytes.fromhex("e07f1000") + b"OW\0\0" + struct.pack("<L", 1 << 20)
    sender.send_data(head, last=False)
    while not ended.wait(2.0):
        sender.send_data(bytes(10), last=False)


def answers_not_read(sender: RawSender, over: threading.Event) -> None:
    """Asks for ever and reads no answer, each of which repeats a long UID: it ends when the node takes no more."""
    sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    many = pdu(P_DATA, pdv(_LONG_QUESTION, 1, 3)) * 20
    while not over.is_set():
        sender.socket.sendall(many)


_PEERS: Final = (
    idle_socket,
    request_in_drips,
    request_without_end,
    data_in_drips,
    idle_association,
    message_without_end,
    answers_not_read,
)
_ASSOCIATED: Final = _PEERS[3:]
