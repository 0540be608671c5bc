"""What retention, alerts and destinations ask of the ledger has the same answers on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

from sqlalchemy import update

from dicom_node.alert_settings import AlertsSection
from dicom_node.alerts.matters import matters_now
from dicom_node.content_store import ContentStore
from dicom_node.errors import DestinationAwayError
from dicom_node.ledger.destinations import ask_now, is_away, next_jobs, note_answer
from dicom_node.ledger.job_failures import fail
from dicom_node.ledger.jobs import add_job, take_lease
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.removals import is_needed, lost_content, needed_again, removed_counts, still_missing
from dicom_node.ledger.tables import DeliveryRow, ObjectRow, ResultArrayRow, ResultRow, StudyRow
from dicom_node.ledger.told_matters import last_told, note_matters, note_told, to_tell
from dicom_node.ledger.waits import Waits
from dicom_node.receiving.inbox import Inbox
from dicom_node.retention import Retention, due_removals
from dicom_node.retention_settings import DAY_SECONDS, RetentionSection
from dicom_node.settings import LimitsSection, NodeSection, NodeSettings
from tests.dicom_node.ledger.ledgers import STUDY, add_study
from tests.dicom_node.receiving.instances import radiograph, write_file
from tests.foreign_programs.postgresql import PostgresqlServer

LONG_AGO = time() - 10 * DAY_SECONDS


def test_both_databases_give_the_same_answers(tmp_path: Path, postgresql_server: PostgresqlServer) -> None:
    """Given the same events in two ledgers; when both are asked what is due, what waits and who is away; then they say
    the same, and it is not nothing."""
    image = write_file(tmp_path / "image.dcm", radiograph())
    said = []
    for name, url in (("one", f"sqlite:///{tmp_path / 'one.sqlite3'}"), ("other", postgresql_server.url)):
        with closing(Ledger(url)) as ledger:
            ledger.upgrade()
            node = AskedNode(tmp_path / name, ledger)
            node.fill(image)
            said.append([*node.what_waits(), *node.what_is_removed(), *node.who_is_away()])
    assert said[0] == said[1]
    assert all(answer not in (None, [], {}) for answer in said[0])


class AskedNode:
    """A study that nobody scores, one that was delivered long ago, and jobs that wait for a PACS."""

    def __init__(self, data_dir: Path, ledger: Ledger) -> None:
        self.ledger, self.store = ledger, ContentStore(data_dir)
        self.settings = NodeSettings(
            node=NodeSection(data_dir=data_dir),
            retention=RetentionSection(no_system_days=1, results_days=1, delivered_days=1),
            alerts=AlertsSection(backup_days=1),
        )

    def fill(self, image: Path) -> None:
        inbox = Inbox(self.store, self.ledger, LimitsSection(free_disk_bytes=1))
        received = inbox.receive_file(image, "SENDER").instance
        self.uid, self.sha256 = received.study_instance_uid, received.content_sha256
        add_study(self.ledger, STUDY, "failed")
        add_study(self.ledger, "1.2.3.77", "delivered")
        with self.ledger.write() as session:
            session.add_all(self._delivered_result(session))
            parked = add_job(session, "report", "parked", STUDY, {})
            parked.state, parked.error_code = "parked", "RS-350"
            for n in (1, 2, 3):
                job = add_job(session, "deliver", str(n), STUDY, {"destination": "pacs"})
                job.created_at = LONG_AGO + n
            session.get_one(StudyRow, self.uid).state = "no_system"
            session.flush()
            session.execute(update(StudyRow).values(updated_at=LONG_AGO, last_received_at=LONG_AGO))
        for folder in ("instances", "content"):
            for path in (self.settings.node.data_dir / folder).rglob("*"):
                os.utime(path, (LONG_AGO, LONG_AGO))

    def _delivered_result(self, session: Any) -> Iterator[Any]:
        uid = "1.2.3.77"
        jobs = [add_job(session, kind, f"{kind} {uid}", uid, {}) for kind in ("score", "deliver")]
        for job in jobs:
            job.state = "done"
        session.flush()
        session.add(
            ResultRow(
                digest="d" * 64, study_instance_uid=uid, system="hand_joints", weights_digest="", job_id=jobs[0].id,
                evaluable=True, content="{}", created_at=LONG_AGO,
            )
        )  # fmt: skip
        session.flush()
        yield ResultArrayRow(content_sha256=self.store.put(b"an array"), result_digest="d" * 64)
        session.add(
            ObjectRow(
                sop_instance_uid="1.2.3.78", sop_class_uid="1.2", series_instance_uid="1.3", result_digest="d" * 64,
                form="", role="report", position=0, content_sha256=self.store.put(b"a report"), created_at=LONG_AGO,
            )
        )  # fmt: skip
        session.flush()
        yield DeliveryRow(
            job_id=jobs[1].id, destination="pacs", sop_instance_uid="1.2.3.78", state="sent", updated_at=LONG_AGO
        )

    def what_waits(self) -> Iterator[Any]:
        with self.ledger.write() as session:
            matters = matters_now(session, self.settings)
            yield sorted((matter.code, matter.words) for matter in matters if matter.code != "DISK")
            names = {f"{matter.code} {matter.words}" for matter in matters if matter.code != "DISK"}
            note_matters(session, "email", names, 100.0, forget_after=50.0)
            session.flush()
            yield to_tell(session, "email", 100.0, 50.0)
            note_told(session, "email", names, 101.0)
            yield last_told(session, "email")
            note_matters(session, "email", set(), 110.0, forget_after=50.0)
            note_matters(session, "email", {"another"}, 200.0, forget_after=50.0)
            session.flush()
            yield to_tell(session, "email", 200.0, 50.0)

    def what_is_removed(self) -> Iterator[Any]:
        with self.ledger.read() as session:
            due = due_removals(session, self.store, self.settings.retention, time())
            yield [(each.study_instance_uid, each.place, len(each.contents), each.bytes) for each in due]
            yield [is_needed(session, content) for each in due for content in each.contents]
        yield Retention(self.settings, self.ledger, self.store).turn()
        with self.ledger.write() as session:
            yield sorted((key, number) for key, (number, _) in removed_counts(session, [self.uid, "1.2.3.77"]).items())
            yield still_missing(session, "instances", self.uid)
            yield type(lost_content(session, "instances", self.sha256)).__name__
            yield needed_again(session, "instances", [self.sha256], self.uid)
            yield type(lost_content(session, "instances", self.sha256)).__name__

    def who_is_away(self) -> Iterator[Any]:
        with self.ledger.read() as session:
            waiting = next_jobs(session, "pacs", 2)
            yield [job.key for job in waiting]
        leased = take_lease(self.ledger, waiting[0].id, "a:1:x", associations=2)
        assert leased is not None
        with self.ledger.write() as session:
            error = DestinationAwayError("Nobody answers.", at_the_door=True)
            fail(session, leased, error, attempts_allowed=3, waits=Waits(100.0, 1.0, 100.0))
        with self.ledger.write() as session:
            yield [is_away(session, "pacs"), len(next_jobs(session, "pacs", 2))]
            ask_now(session, ["pacs"])
            session.flush()
            yield [job.key for job in next_jobs(session, "pacs", 2)]
            note_answer(session, "pacs", "test")
            session.flush()
            yield [is_away(session, "pacs"), *(job.key for job in next_jobs(session, "pacs", 2))]
