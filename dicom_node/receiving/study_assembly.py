"""Stop 3: when a study is complete: quiet long enough, waited for long enough, or closed by a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import structlog
from pydicom import dcmread
from sqlalchemy.orm import Session

from dicom_node.background_loop import BackgroundLoop
from dicom_node.content_store import ContentStore
from dicom_node.crash_points import crash_at
from dicom_node.errors import TransientError
from dicom_node.ledger.instances import instances_of, studies_receiving
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.removals import lost_content
from dicom_node.ledger.study_progress import study_to_change
from dicom_node.ledger.tables import InstanceRow, StudyRow
from dicom_node.ledger.timeline import change_state
from dicom_node.receiving.own_objects import says_it_is_ours
from scoring.errors import RheumascoreError
from scoring.study import (
    HEADER_TAGS,
    ImageReference,
    Study,
    TrialContext,
    read_image_reference,
    read_trial_context,
)

Route = Callable[[Session, Study, int], None]
"""Decides, in the transaction that closes the study, which jobs follow: session, study, round."""

_ACTOR: Final = "assembly"
_LOOK_SECONDS: Final = 0.5
"""Another process may put instances into the inbox (upload); it does not wake us."""


@dataclass(frozen=True, slots=True)
class _Watch:
    """When a study is due, on the monotonic clock: the wall clock may be set while a study waits."""

    round: int
    last_received_at: float
    quiet_at: float
    forced_at: float

    @property
    def due_at(self) -> float:
        return min(self.quiet_at, self.forced_at)


class StudyAssembly(BackgroundLoop):
    """Closes studies that are due and routes them, in a thread of its own between ``with`` and its end."""

    def __init__(
        self,
        ledger: Ledger,
        store: ContentStore,
        *,
        quiet_seconds: float,
        max_wait_seconds: float,
        route: Route,
        announce: Callable[[], None] = lambda: None,
        wall_clock: Callable[[], float] = time.time,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``announce`` is called after a study was closed: there may be jobs to hint at."""
        super().__init__("study assembly")
        self._ledger, self._store, self._route, self._announce = ledger, store, route, announce
        self._quiet_seconds, self._max_wait_seconds = quiet_seconds, max_wait_seconds
        self._wall_clock, self._monotonic_clock = wall_clock, monotonic_clock
        self._watches: dict[str, _Watch] = {}
        self._log = structlog.get_logger("assembly")

    def wake(self) -> None:
        """Something has arrived."""
        self._wake.set()

    def close_due(self) -> float:
        """Close every study that is due. Seconds until the next one is, at most half a second."""
        now = self._monotonic_clock()
        with self._ledger.read() as session:
            receiving = studies_receiving(session)
        self._watches = {row.study_instance_uid: self._watch(row, now) for row in receiving}
        for uid, watch in self._watches.items():
            if watch.due_at <= now:
                self.close(uid, forced=watch.quiet_at > now, last_received_at=watch.last_received_at)
        waiting = [watch.due_at for watch in self._watches.values() if watch.due_at > now]
        return min([_LOOK_SECONDS, *(due - self._monotonic_clock() for due in waiting)])

    def close(self, study_instance_uid: str, *, forced: bool = True, last_received_at: float | None = None) -> bool:
        """Close one study now; False when it is not receiving, or an image arrived after ``last_received_at``.

        Whatever fails in one study is recorded with it and stops no other.
        """
        try:
            closed = self._close(study_instance_uid, forced, last_received_at)
        except TransientError as error:
            self._log.warning("assembly_waits", study_instance_uid=study_instance_uid, code=error.code)
            return False
        except Exception as error:  # a fault of this study, or of a system's rules on it: a person must look
            self._fail(study_instance_uid, error)
            return False
        if closed:
            crash_at("study_closed_not_hinted")
            self._announce()
        return closed

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                seconds = self.close_due()
            except Exception as error:  # the ledger is away: looked at again, for ever
                self._log.error("assembly_waits", error=type(error).__name__)
                seconds = _LOOK_SECONDS
            self._wake.wait(max(0.0, seconds))

    def _watch(self, row: StudyRow, now: float) -> _Watch:
        known = self._watches.get(row.study_instance_uid)
        if known and (known.round, known.last_received_at) == (row.round, row.last_received_at):
            return known
        wall = self._wall_clock()
        quiet_at = now + self._quiet_seconds - _clamped(wall - row.last_received_at, self._quiet_seconds)
        if known and known.round == row.round:
            return _Watch(row.round, row.last_received_at, quiet_at, known.forced_at)
        forced_at = now + self._max_wait_seconds - _clamped(wall - row.first_received_at, self._max_wait_seconds)
        return _Watch(row.round, row.last_received_at, quiet_at, forced_at)

    def _close(self, uid: str, forced: bool, last_received_at: float | None) -> bool:
        with self._ledger.read() as session:
            row = session.get(StudyRow, uid)
            if row is None or row.state != "receiving":
                return False
            seen = last_received_at or row.last_received_at
            rows = instances_of(session, uid)
            for instance in rows:
                if not self._store.instance_path(instance.content_sha256).exists():
                    raise lost_content(session, "instances", instance.content_sha256)
            study = read_study(self._store, uid, rows, forced=forced)
        with self._ledger.write() as session:
            row = study_to_change(session, uid)
            if row is None or row.state != "receiving" or row.last_received_at != seen:
                return False  # an image came while the headers were read
            row.completed_at, row.forced = self._wall_clock(), forced
            change_state(
                session, row, "complete", _ACTOR, _sentence(study, row.round),
                instances=len(study.images), images_sha256=_digest_of_images(study),
            )  # fmt: skip
            self._route(session, study, row.round)
            closed_round = row.round
        self._log.info(
            "study_complete", study_instance_uid=uid, round=closed_round, instances=len(study.images), forced=forced
        )
        return True

    def _fail(self, uid: str, error: Exception) -> None:
        code = error.code if isinstance(error, RheumascoreError) else "RS-000"
        words = str(error) if isinstance(error, RheumascoreError) else f"{type(error).__name__} while it was closed"
        self._log.error("study_failed", study_instance_uid=uid, code=code, error=type(error).__name__)
        try:
            with self._ledger.write() as session:
                row = session.get_one(StudyRow, uid)
                reasons = [{"code": code, "text": words, "system": ""}]
                change_state(session, row, "failed", _ACTOR, f"Could not be closed: {words}", reasons)
        except TransientError:
            self._log.warning("assembly_waits", study_instance_uid=uid, code=TransientError.code)


def read_study(store: ContentStore, uid: str, rows: Sequence[InstanceRow], *, forced: bool = False) -> Study:
    """The study that these instances make, by their headers; objects of ours left out."""
    images: list[ImageReference] = []
    trial = TrialContext()
    for row in rows:
        path = store.instance_path(row.content_sha256)
        header = dcmread(path, specific_tags=list(HEADER_TAGS), stop_before_pixels=True)
        image = read_image_reference(header, row.content_sha256, row.transfer_syntax_uid)
        if says_it_is_ours(image.manufacturer, image.image_type):
            continue
        images.append(image)
        if not trial.present:
            trial = read_trial_context(header)
    return Study(uid, tuple(images), trial, forced)


def _digest_of_images(study: Study) -> str:
    """One SHA-256 over the UIDs and the bytes of all images: the audit trail tells when one was exchanged later."""
    lines = sorted(f"{image.sop_instance_uid} {image.content_sha256}" for image in study.images)
    return sha256("\n".join(lines).encode()).hexdigest()


def _clamped(age: float, most: float) -> float:
    return min(max(age, 0.0), most)


def _sentence(study: Study, number: int) -> str:
    how = "closed before it was quiet" if study.forced else "quiet"
    return f"Round {number} is complete with {len(study.images)} instances; {how}"
