"""A node without processes: real images, real results, and every report and delivery job done when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydicom.dataset import Dataset
from sqlalchemy import select

from dicom_node import tasks
from dicom_node.delivery.report_jobs import add_report_jobs
from dicom_node.ledger.jobs import LeasedJob, add_job, take_lease
from dicom_node.ledger.results import keep_result, read_visit
from dicom_node.ledger.tables import DeliveryRow, JobRow, ObjectRow, StudyRow
from dicom_node.ledger.timeline import change_state
from dicom_node.peers import Peer
from dicom_node.queue.celery_app import celery_app
from dicom_node.queue.leased_work import do_leased
from dicom_node.settings import ScoringSection
from dicom_node.study_status import study_status
from scoring.inference import read_header
from scoring.result import ScoreResult
from tests.core_lab.web.node_for_tests import NodeForTests, hand_study, truth_result

_WORKS: dict[str, Callable[[tasks.Workplace, LeasedJob], None]] = {"report": tasks.report, "deliver": tasks.deliver}


class DrivenNode:
    """Its ledger, store and settings in one folder."""

    def __init__(self, folder: Path, *peers: Peer, accept: bool = True) -> None:
        self._node = NodeForTests(folder)
        self.ledger = self._node.ledger
        settings = replace(self._node.settings, scoring=ScoringSection(accept_demonstration_weights=accept))
        self.workplace = tasks.Workplace.open(settings, celery_app(settings))
        self.set_peers(*peers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.workplace.close()
        self.ledger.close()

    def set_peers(self, *peers: Peer) -> None:
        """As if node.toml were changed and the node begun again."""
        self.workplace.settings = replace(self.workplace.settings, peers=peers)

    def score(self, uid: str, seed: int = 11, **header: str) -> ScoreResult:
        """A study of two hands, with the result of a reader who is always right; its reports are asked for."""
        images = hand_study(self._node, uid, seed, **header)
        result, arrays = truth_result(uid, images)
        for content in arrays.values():
            self.workplace.store.put(content)
        return self.keep(result, images[0].dataset)

    def keep(self, result: ScoreResult, header: Dataset) -> ScoreResult:
        """What stop 5 does with a result."""
        uid = result.study_instance_uid
        with self.ledger.write() as session:
            job = add_job(session, "score", f"score:{result.digest}", uid, {"system": result.system})
            job.state = "done"
            kept = keep_result(session, result, read_visit(header), job.id, "test")
            study = session.get_one(StudyRow, uid)
            study.completed_at = study.last_received_at
            change_state(session, study, "scored", "test", "Scored.", [])
            add_report_jobs(session, kept, self.workplace.settings.destinations)
        return kept

    def run(self, *kinds: str) -> None:
        """Do what waits, also what is not due yet, until nothing more comes of it."""
        tried: set[str] = set()
        while jobs := [j for j in self.jobs("waiting") if j.id not in tried and j.kind in (kinds or _WORKS)]:
            for job in jobs:
                tried.add(job.id)
                with self.ledger.write() as session:
                    session.get_one(JobRow, job.id).run_after = 0.0
                work = _WORKS[job.kind]
                do_leased(self.ledger, job.id, lambda leased, w=work: w(self.workplace, leased), attempts_allowed=3)

    @contextmanager
    def leased(self, kind: str) -> Iterator[Callable[[], None]]:
        """The one waiting job of a kind in a worker's hands; the worker begins when the value is called."""
        [job] = [j for j in self.jobs("waiting") if j.kind == kind]
        leased = take_lease(self.ledger, job.id, "test")
        assert leased is not None
        yield lambda: _WORKS[kind](self.workplace, leased)

    def header(self, result: ScoreResult) -> Dataset:
        """Of the first image of a result."""
        return read_header(self.workplace.store.instance_path(result.images[0].content_sha256))

    def jobs(self, state: str | None = None) -> list[JobRow]:
        """Every job, or those in one state, as they were made."""
        with self.ledger.read() as session:
            rows = session.scalars(select(JobRow).order_by(JobRow.created_at))
            return [row for row in rows if state in (None, row.state)]

    def status(self, uid: str) -> dict[str, Any]:
        """``status --json --study``."""
        with self.ledger.read() as session:
            return study_status(session, uid) or {}

    def deliveries(self, destination: str) -> list[tuple[str, str, str]]:
        """(role, form, state) of every object that was for a destination, as they were asked for."""
        with self.ledger.read() as session:
            rows = session.execute(
                select(ObjectRow.role, ObjectRow.form, DeliveryRow.state)
                .join(DeliveryRow, DeliveryRow.sop_instance_uid == ObjectRow.sop_instance_uid)
                .where(DeliveryRow.destination == destination)
                .order_by(DeliveryRow.id)
            )
            return [(role, form, state) for role, form, state in rows]
