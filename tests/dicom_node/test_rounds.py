"""Late images: whatever is being done with a study when one comes, its next round is closed, and all are scored once.

The shipped model scores; the late image comes exactly between its answer and the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node import tasks
from dicom_node.errors import LeaseLostError
from dicom_node.ledger.job_failures import fail
from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.jobs import LeasedJob, take_lease
from dicom_node.ledger.tables import JobRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import timeline_of
from dicom_node.peers import Peer
from dicom_node.queue.celery_app import celery_app
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.routing import route_study
from dicom_node.settings import NodeSection, NodeSettings
from dicom_node.tasks import Workplace, report, score
from scoring.catalogue import find_spec
from scoring.errors import ImageUnreadableError
from scoring.phantoms.write_phantoms import write_hand_pair
from scoring.result import ScoreResult
from scoring.study import Study
from tests.dicom_node.receiving.instances import radiograph, write_file

PACS = Peer("pacs", "ORTHANC", "127.0.0.1", 104, receives_results=True)


def _route(session: Session, study: Study, _: int) -> None:
    route_study(session, study, [find_spec("hand_joints")])


class LateStudy:
    """A pair of hands of which each image comes when the test says so."""

    def __init__(self, folder: Path) -> None:
        settings = NodeSettings(node=NodeSection(data_dir=folder / "data"), peers=(PACS,))
        self.folder = folder
        self.workplace = Workplace.open(settings, celery_app(settings))
        self.ledger = self.workplace.ledger
        self.ledger.upgrade()
        pair = write_hand_pair(folder / "study", 4100, severity=0.3)
        self.uid, (self.first, self.second) = pair.study_instance_uid, pair.files
        self._inbox = Inbox(self.workplace.store, self.ledger, settings.limits)
        self._assembly = StudyAssembly(
            self.ledger, self.workplace.store, quiet_seconds=1, max_wait_seconds=1, route=_route
        )

    def receive(self, path: Path) -> None:
        assert self._inbox.receive_file(path, "ORTHANC").arrival == "new"

    def receive_foot(self) -> None:
        """An image of the same study that no system scores."""
        foot = radiograph(StudyInstanceUID=self.uid, BodyPartExamined="FOOT")
        self.receive(write_file(self.folder / f"{foot.SOPInstanceUID}.dcm", foot))

    def try_to_close(self) -> bool:
        return self._assembly.close(self.uid, forced=False)

    def close(self) -> None:
        assert self.try_to_close()

    def lease(self, kind: str) -> LeasedJob:
        """The one job of this kind that waits, taken."""
        with self.ledger.read() as session:
            waiting = select(JobRow.id).where(JobRow.kind == kind, JobRow.state == "waiting")
            job_id = session.scalars(waiting).one()
        leased = take_lease(self.ledger, job_id, "test")
        assert leased is not None
        return leased

    def park(self, leased: LeasedJob) -> None:
        with self.ledger.write() as session:
            fail(session, leased, ImageUnreadableError("The frame is broken."), attempts_allowed=3)

    @property
    def row(self) -> StudyRow:
        with self.ledger.read() as session:
            return session.get_one(StudyRow, self.uid)

    @property
    def codes(self) -> list[str]:
        return [reason["code"] for reason in self.row.reasons]

    @property
    def scoring(self) -> list[str]:
        """States of the scoring jobs, oldest first."""
        with self.ledger.read() as session:
            found = select(JobRow.state).where(JobRow.kind == "score").order_by(JobRow.created_at)
            return list(session.scalars(found))

    @property
    def results(self) -> list[ScoreResult]:
        with self.ledger.read() as session:
            found = session.scalars(select(ResultRow.content).order_by(ResultRow.created_at))
            return [ScoreResult.from_json(content) for content in found]


@pytest.fixture
def study(tmp_path: Path) -> Iterator[LateStudy]:
    made = LateStudy(tmp_path)
    made.receive(made.first)
    made.close()
    yield made
    made.workplace.close()


@pytest.fixture
def before_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """What is to happen between the model's answer and the ledger."""

    def set_act(act: Callable[[], None]) -> None:
        monkeypatch.setattr(tasks, "crash_at", lambda point: act() if point == "study_scored_not_kept" else None)

    return set_act


def test_an_image_that_comes_while_its_study_is_scored_is_scored_in_the_next_round(
    study: LateStudy, before_it_is_kept: Callable[[Callable[[], None]], None]
) -> None:
    before_it_is_kept(lambda: study.receive(study.second))
    score(study.workplace, study.lease("score"))
    assert (study.row.state, study.row.round) == ("receiving", 2)
    report(study.workplace, study.lease("report"))
    assert study.row.state == "receiving", "what goes on with the first result does not end the second round"
    with study.ledger.read() as session:
        assert "scored_meanwhile" in [entry.event for entry in timeline_of(session, study.uid)]

    before_it_is_kept(lambda: None)
    study.close()
    assert study.row.state == "scoring"
    score(study.workplace, study.lease("score"))
    first, second = study.results
    assert (len(first.images), len(second.images)) == (1, 2)
    assert second.predecessor is not None and second.predecessor.digest == first.digest
    assert study.row.state == "scored"


def test_a_worker_whose_images_are_no_longer_all_of_them_keeps_nothing(
    study: LateStudy, before_it_is_kept: Callable[[Callable[[], None]], None]
) -> None:
    """Given a worker that scores; when the next round is closed before it has done; then only that one's result is."""

    def next_round() -> None:
        study.receive(study.second)
        study.close()

    before_it_is_kept(next_round)
    with pytest.raises(LeaseLostError):
        score(study.workplace, study.lease("score"))
    assert (study.results, study.scoring) == ([], ["superseded", "waiting"])

    before_it_is_kept(lambda: None)
    score(study.workplace, study.lease("score"))
    [result] = study.results
    assert len(result.images) == 2


def test_a_late_image_that_nobody_scores_leaves_the_study_where_its_jobs_are(study: LateStudy) -> None:
    score(study.workplace, study.lease("score"))
    report(study.workplace, study.lease("report"))
    assert (study.row.state, study.codes) == ("held", ["held"]), "demonstration weights"
    before = study.row.reasons
    study.receive_foot()
    assert study.row.state == "receiving"
    study.close()
    assert (study.row.state, study.row.reasons, study.scoring) == ("held", before, ["done"])


def test_a_late_image_that_nobody_scores_does_not_hide_what_waits_for_a_person(study: LateStudy) -> None:
    score(study.workplace, study.lease("score"))
    study.park(study.lease("report"))
    assert study.row.state == "failed"
    study.receive_foot()
    study.close()
    assert (study.row.state, study.codes) == ("failed", [ImageUnreadableError.code])


def test_scoring_that_was_given_up_is_tried_again_when_an_image_comes(study: LateStudy) -> None:
    study.park(study.lease("score"))
    assert (study.row.state, study.codes) == ("failed", [ImageUnreadableError.code])
    study.receive_foot()
    study.close()
    assert (study.row.state, study.codes, study.scoring) == ("scoring", [], ["waiting"])


def test_scoring_that_is_given_up_while_an_image_comes_gives_way_to_the_next_round(study: LateStudy) -> None:
    leased = study.lease("score")
    study.receive(study.second)
    study.park(leased)
    assert study.row.state == "receiving"
    study.close()
    assert (study.row.state, study.codes, study.scoring) == ("scoring", [], ["superseded", "waiting"])


def test_a_study_that_could_not_be_closed_is_closed_again_by_requeue(study: LateStudy) -> None:
    """Given an image whose file was gone when its round was to be closed, and is there again; then a person says so."""
    study.receive(study.second)
    kept = max((study.folder / "data" / "instances").rglob("*.dcm"), key=lambda path: path.stat().st_mtime_ns)
    content = kept.read_bytes()
    kept.unlink()
    assert not study.try_to_close()
    assert study.row.state == "failed"
    kept.write_bytes(content)
    with study.ledger.write() as session:
        assert requeue(session, "dr who", study_instance_uid=study.uid, parked=True) == 2, "scoring, and the study"
    assert (study.row.state, study.row.reasons) == ("receiving", [])
    study.close()
    assert study.row.state == "scoring"
