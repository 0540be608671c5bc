"""`verify`: the shipped model scores a kept study again, and says site by site where the result is another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dicom_node.errors import VerificationError
from dicom_node.ledger.jobs import LeasedJob, take_lease
from dicom_node.ledger.tables import JobRow, ObjectRow, ResultRow
from dicom_node.ledger.timeline import timeline_of
from dicom_node.peers import Peer
from dicom_node.queue.celery_app import celery_app
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.routing import route_study
from dicom_node.settings import NodeSection, NodeSettings
from dicom_node.tasks import Workplace, report, score
from dicom_node.verification import Difference, Verification, verify_study
from dicom_node.verify_verb import print_verification
from dicom_node.withdrawal import withdraw_study
from scoring.catalogue import find_spec
from scoring.phantoms.write_phantoms import write_hand_pair
from scoring.result import ScoreResult
from scoring.study import Study

PACS = Peer("pacs", "ORTHANC", "127.0.0.1", 104, receives_results=True)


def _route(session: Session, study: Study, _: int) -> None:
    route_study(session, study, [find_spec("hand_joints")])


class ScoredStudy:
    """A study that was received, scored and written by the worker's own code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = NodeSettings(node=NodeSection(data_dir=folder / "data"), peers=(PACS,))
        self.workplace = Workplace.open(self.settings, celery_app(self.settings))
        self.workplace.ledger.upgrade()
        pair = write_hand_pair(folder / "study", 4100, severity=0.3)
        self.uid = pair.study_instance_uid
        inbox = Inbox(self.workplace.store, self.workplace.ledger, self.settings.limits)
        for path in pair.files:
            inbox.receive_file(path, "ORTHANC")
        assembly = StudyAssembly(
            self.workplace.ledger, self.workplace.store, quiet_seconds=1, max_wait_seconds=1, route=_route
        )
        assert assembly.close(self.uid, forced=False)
        score(self.workplace, self._lease("score"))
        report(self.workplace, self._lease("report"))

    def _lease(self, kind: str) -> LeasedJob:
        with self.workplace.ledger.read() as session:
            job_id = session.scalars(select(JobRow.id).where(JobRow.kind == kind)).one()
        leased = take_lease(self.workplace.ledger, job_id, "test")
        assert leased is not None
        return leased

    @property
    def result(self) -> ScoreResult:
        with self.workplace.ledger.read() as session:
            return ScoreResult.from_json(session.scalars(select(ResultRow.content)).one())

    def store_result(self, result: ScoreResult) -> None:
        """As if this had been stored and sent."""
        with self.workplace.ledger.write() as session:
            session.execute(update(ResultRow).values(content=result.to_json()))

    def verified(self) -> Verification:
        [done] = verify_study(self.workplace, self.uid, "test")
        return done

    @property
    def entries(self) -> list[dict[str, object]]:
        """What the audit trail says of verifications."""
        with self.workplace.ledger.read() as session:
            return [dict(row.detail) for row in timeline_of(session, self.uid) if row.event == "verified"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoredStudy]:
    made = ScoredStudy(tmp_path_factory.mktemp("verified"))
    yield made
    made.workplace.close()


def test_the_same_comes_out_and_the_trail_says_so(study: ScoredStudy) -> None:
    done = study.verified()
    assert done.equal, done.differences
    assert done.sites == len(study.result.items) > 40
    assert study.entries[-1] == {"result": study.result.digest, "equal": True, "differences": []}


def test_another_grade_is_named_with_its_site(study: ScoredStudy) -> None:
    """Given a stored result with one grade of another height; then exactly that is said, with both values."""
    stored = study.result
    changed = replace(stored.items[3], grade=(stored.items[3].grade or 0) + 1)
    study.store_result(replace(stored, items=(*stored.items[:3], changed, *stored.items[4:])))
    done = study.verified()
    study.store_result(stored)
    where = f"{changed.key} grade"
    assert done.differences == (Difference(where, str(changed.grade), str(stored.items[3].grade)),)
    assert study.entries[-1]["differences"] == [where]


def test_other_weights_are_named_and_later_software_is_no_difference(study: ScoredStudy) -> None:
    stored = study.result
    older = replace(stored.engine, software="rheumascore 0.0.1")
    study.store_result(replace(stored, weights_digest="0" * 64, engine=older))
    done = study.verified()
    study.store_result(stored)
    assert [d.where for d in done.differences] == ["weights_digest"]
    assert "0.0.1" in done.engine_then
    assert "0.0.1" not in done.engine_now


def test_an_image_that_was_changed_on_disk_is_named(study: ScoredStudy) -> None:
    image = study.result.images[0]
    path = study.workplace.store.instance_path(image.content_sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000] + bytes(500) + whole[-500:])
    differences = study.verified().differences
    path.write_bytes(whole)
    assert differences[0].where == f"image {image.sop_instance_uid}"


def test_a_report_that_is_gone_or_changed_is_named(study: ScoredStudy) -> None:
    with study.workplace.ledger.read() as session:
        objects = list(session.scalars(select(ObjectRow).order_by(ObjectRow.position)))
    gone, changed = (study.workplace.store.path(item.content_sha256) for item in objects[:2])
    kept = gone.read_bytes(), changed.read_bytes()
    gone.unlink()
    changed.write_bytes(kept[1][:-1])
    found = {d.where: d.now for d in study.verified().differences}
    gone.write_bytes(kept[0])
    changed.write_bytes(kept[1])
    assert set(found) == {f"{item.role} {item.sop_instance_uid}" for item in objects[:2]}
    assert found[f"{objects[0].role} {objects[0].sop_instance_uid}"] == "not there"


def test_the_verb_answers_people_and_scripts(study: ScoredStudy, capsys: pytest.CaptureFixture[str]) -> None:
    config = study.folder / "node.toml"
    config.write_text('[node]\ndata_dir = "data"\n')
    assert print_verification(config, study.uid, as_json=False) == 0
    assert "62 grades: equal" in capsys.readouterr().out
    stored = study.result
    study.store_result(replace(stored, notes=("changed",)))
    status = print_verification(config, study.uid, as_json=True)
    study.store_result(stored)
    said = capsys.readouterr()
    assert status == 1
    assert "not what was sent" in said.err
    [result] = json.loads(said.out)
    assert (result["equal"], result["differences"][0]["where"]) == (False, "notes")


def test_a_withdrawn_result_has_nothing_to_be_scored(study: ScoredStudy) -> None:
    with study.workplace.ledger.write() as session:
        withdraw_study(session, study.settings, study.uid, "Wrong patient.", datetime.now(UTC), "test")
    with pytest.raises(VerificationError, match="no result that stands"):
        study.verified()
