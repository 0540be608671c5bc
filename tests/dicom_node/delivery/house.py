"""A node without processes, with one result in its outbox: for tests of what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from dicom_node.content_store import ContentStore
from dicom_node.delivery.deliver import deliver_results
from dicom_node.delivery.look_there import look_there
from dicom_node.delivery.outbox import put_into_outbox
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.delivery.patience import DeliverySection
from dicom_node.delivery.storage_commitment import request_commitment
from dicom_node.ledger.jobs import LeasedJob, add_job
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DeliveryRow, JobRow, ResultRow
from dicom_node.peers import Peer
from dicom_node.queue.leased_work import do_leased
from dicom_node.settings import NodeSection, NodeSettings
from dicom_node.study_status import study_status
from scoring.result import ScoreResult
from sr_templates.result_objects import ResultObjects, WrittenObject
from tests.dicom_node.delivery.finished_objects import finished_picture, finished_report
from tests.dicom_node.ledger.ledgers import add_study, job, new_ledger, study
from tests.foreign_programs.programs import free_port
from tests.sr_templates.results_for_tests import two_hands

_STUDY = two_hands().result.study_instance_uid
PATIENT_SECONDS = 20.0
"""For each answer: a busy machine is no fault of a peer."""
OBJECTS = (finished_picture(study=_STUDY), finished_report(study=_STUDY))


@dataclass
class House:
    """A node without processes: its ledger, store and settings, and one result in the outbox."""

    ledger: Ledger
    store: ContentStore
    settings: NodeSettings
    result: ScoreResult

    def put(self, *peers: Peer, hold: str = "", objects: tuple[WrittenObject, ...] = OBJECTS) -> list[str]:
        """The objects into the outbox for these peers; every delivery job, also a held one."""
        self.settings = replace(self.settings, peers=peers)
        digests = [self.store.put(item.content) for item in objects]
        written = ResultObjects("comprehensive", objects)
        with self.ledger.write() as session:
            put_into_outbox(session, self.result, written, digests, peers, hold=hold)
            session.execute(update(JobRow).where(JobRow.kind == "report").values(state="done"))
        with self.ledger.read() as session:
            return list(session.scalars(select(JobRow.id).where(JobRow.kind == "deliver").order_by(JobRow.key)))

    def wait_for_answers(self, seconds: float) -> None:
        """From now on so long."""
        self.settings = replace(self.settings, delivery=DeliverySection(answer_seconds=seconds))

    def deliver(self, job_id: str) -> JobRow:
        """As the worker does, at once even when it is not due; the job afterwards."""
        with self.ledger.write() as session:
            session.get_one(JobRow, job_id).run_after = 0.0

        def work(leased: LeasedJob) -> None:
            if leased.kind == "commit":
                request_commitment(self.settings, self.ledger, leased)
            elif leased.kind == "find":
                look_there(self.settings, self.ledger, leased)
            else:
                deliver_results(self.settings, self.ledger, self.store, leased)

        do_leased(self.ledger, job_id, work, attempts_allowed=3)
        return job(self.ledger, job_id)

    def commit(self) -> JobRow:
        """The commitment job, as ``deliver``."""
        return self.deliver(self.job_of_kind("commit"))

    def find(self) -> JobRow:
        """The job that looks for it there, as ``deliver``."""
        return self.deliver(self.job_of_kind("find"))

    def job_of_kind(self, kind: str) -> str:
        """The id of the one job of a kind."""
        with self.ledger.read() as session:
            return session.scalars(select(JobRow.id).where(JobRow.kind == kind)).one()

    def deliveries(self, destination: str = "pacs") -> list[tuple[str, int | None, int]]:
        """(state, status, attempts) of each object, picture first."""
        with self.ledger.read() as session:
            rows = session.scalars(
                select(DeliveryRow).where(DeliveryRow.destination == destination).order_by(DeliveryRow.id)
            )
            return [(row.state, row.status, row.attempts) for row in rows]

    def status(self) -> dict[str, Any]:
        """``status --json --study``."""
        with self.ledger.read() as session:
            return study_status(session, self.result.study_instance_uid) or {}

    @property
    def state(self) -> str:
        """Of the study."""
        return study(self.ledger, self.result.study_instance_uid).state


def open_house(folder: Path) -> House:
    """With one result of two hands; its port is free."""
    settings = NodeSettings(
        node=NodeSection(data_dir=folder, port=free_port()), delivery=DeliverySection(answer_seconds=PATIENT_SECONDS)
    )
    made = House(new_ledger(folder), ContentStore(folder), settings, two_hands().result)
    keep_result(made, made.result)
    return made


def keep_result(house: House, result: ScoreResult) -> None:
    house.result = result
    add_study(house.ledger, result.study_instance_uid, "scored")
    about = {"study_instance_uid": result.study_instance_uid, "created_at": 0.0}
    with house.ledger.write() as session:
        score = add_job(session, "score", result.digest, result.study_instance_uid, {})
        score.state = "done"
        report = add_job(session, "report", f"report {result.digest}", result.study_instance_uid, {})
        report.state = "leased"  # the one that puts it into the outbox, in the transaction that ends it
        session.add(
            ResultRow(
                digest=result.digest,
                system=result.system,
                weights_digest=result.weights_digest,
                job_id=score.id,
                evaluable=result.not_evaluable is None,
                current=True,
                content=result.to_json(),
                **about,
            )
        )


def sent_bytes() -> list[tuple[str, bytes]]:
    return [(item.sop_instance_uid, read_part10(item.content).data_set) for item in OBJECTS]
