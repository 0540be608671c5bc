"""Honest senders: a steady stream of studies, each image sent again until the node answers that it has it."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import Final, Self

from benchmarks.soak.sent_studies import SentInstance, SentStudy, StudyMaker
from benchmarks.soak.tally import Tally
from tests.dicom_node.receiving.raw_sender import AC, EXPLICIT, P_DATA, RJ, VERIFICATION, RawSender

_SUCCESS: Final = 0x0000
_PIECE: Final = 100_000
_AGAIN_AFTER_SECONDS: Final = 0.3
_PATIENCE_SECONDS: Final = 300.0
"""A sender that is not served for so long says so; the node may be started again a few times meanwhile."""
_ANSWER_SECONDS: Final = 60.0
_SENT_TWICE: Final = 0.15
_LONGEST_GAP_SECONDS: Final = 1.5
"""Between the two associations of a study; the node closes a study after one second without a new image."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One image that the node said it has."""

    sop_instance_uid: str
    study_instance_uid: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Served:
    """How long an honest sender waited, on the monotonic clock, from its first packet to the answer of its store."""

    at: float
    seconds: float


class HonestSenders:
    """A few threads at one port, between ``with`` and ``stop``: then each brings home what it began, and no more."""

    def __init__(self, port: int, maker: StudyMaker, tally: Tally, *, pause_seconds: float, threads: int = 2) -> None:
        """``pause_seconds``: on average between two studies of one thread."""
        self.acknowledged: dict[str, Acknowledged] = {}
        """By SOP Instance UID."""
        self.studies: dict[str, SentStudy] = {}
        """Every study that was sent whole, by its UID; without the bytes."""
        self.served: list[Served] = []
        self._port, self._maker, self._tally, self._pause = port, maker, tally, pause_seconds
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Begin nothing new; does not wait. The node must run until all have ``finished``."""
        self._stopping.set()

    @property
    def finished(self) -> bool:
        """Nobody sends any more."""
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, number: int) -> None:
        dice = random.Random(number)
        try:
            self._bring(self._maker.next(), dice)
            while not self._stopping.wait(dice.expovariate(1 / self._pause)):
                study = self._maker.next()
                self._bring(study, dice)
                if dice.random() < _SENT_TWICE:
                    self._tally.count("study sent a second time")
                    self._bring(study, dice)
        except Exception as error:  # whatever the node answered to break a sender, the reckoning must know
            self._tally.broken.append(f"a sender could not go on: {error!r}")
            raise

    def _bring(self, study: SentStudy, dice: random.Random) -> None:
        for number, instances in enumerate(study.associations):
            if number:
                time.sleep(dice.uniform(0, _LONGEST_GAP_SECONDS))
            if not self._send_until_acknowledged(study, list(instances)):
                self._tally.broken.append(f"an honest sender was not served for {_PATIENCE_SECONDS:g} s")
                return
        if study.uid not in self.studies:
            self._tally.count(f"study sent: {study.kind}")
            self.studies[study.uid] = SentStudy(study.uid, study.kind, study.drawing, ())

    def _send_until_acknowledged(self, study: SentStudy, waiting: list[SentInstance]) -> bool:
        until = time.monotonic() + _PATIENCE_SECONDS
        while waiting and time.monotonic() < until:
            before = len(waiting)
            try:
                self._send(study, waiting)
            except OSError:
                self._tally.count("association cut or port closed")
            if len(waiting) < before:
                until = time.monotonic() + _PATIENCE_SECONDS
            if waiting:
                time.sleep(_AGAIN_AFTER_SECONDS)
        return not waiting

    def _send(self, study: SentStudy, waiting: list[SentInstance]) -> None:
        """One association; what is acknowledged leaves ``waiting``."""
        began = time.monotonic()
        context = (waiting[0].sop_class_uid, (EXPLICIT,))
        with RawSender(self._port, seconds=_ANSWER_SECONDS) as sender:
            answer = sender.associate(context, (VERIFICATION, (EXPLICIT,)))
            if answer.kind != AC:
                self._tally.count("association rejected" if answer.kind == RJ else "association cut or port closed")
                return
            first = True
            for instance in list(waiting):
                self._tally.count("instance sent")
                answer = sender.store(
                    instance.sop_class_uid, instance.sop_instance_uid, instance.data_set, piece=_PIECE
                )
                if answer.kind != P_DATA:
                    self._tally.count("instance sent, no answer came")
                    return
                if answer.status != _SUCCESS:
                    self._tally.count(f"instance refused: 0x{answer.status:04X}")
                    return
                if first:
                    self.served.append(Served(began, time.monotonic() - began))
                first = False
                self._acknowledge(study, instance)
                waiting.remove(instance)
            sender.release()

    def _acknowledge(self, study: SentStudy, instance: SentInstance) -> None:
        known = self.acknowledged.get(instance.sop_instance_uid)
        self._tally.count("instance acknowledged" if known is None else "instance acknowledged again")
        self.acknowledged[instance.sop_instance_uid] = Acknowledged(
            instance.sop_instance_uid, study.uid, instance.sha256
        )
