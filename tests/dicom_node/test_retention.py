"""What is old enough and needed by nobody is removed, and nothing else; the ledger still tells the whole story."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import time

import pytest
from sqlalchemy import select, update

from dicom_node.content_store import ContentStore
from dicom_node.errors import ContentRemovedError
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.removals import lost_content
from dicom_node.ledger.tables import DeliveryRow, InstanceRow, ObjectRow, ResultArrayRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.retention import Retention, due_removals, keep_files_from
from dicom_node.retention_settings import DAY_SECONDS, RetentionSection
from dicom_node.settings import LimitsSection
from dicom_node.withdrawal import withdraw_study
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.dicom_node.receiving.instances import radiograph, write_file

STUDY = "1.2.3.1"
EVERYTHING = RetentionSection(delivered_days=30, not_evaluable_days=30, no_system_days=30, results_days=60)


class OldNode(DrivenNode):
    """A driven node with studies of long ago."""

    @property
    def store(self) -> ContentStore:
        return self.workplace.store

    @property
    def retention(self) -> Retention:
        return Retention(replace(self.workplace.settings, retention=EVERYTHING), self.ledger, self.store)

    def age(self, days: float) -> None:
        """Everything was so many days earlier."""
        back = days * DAY_SECONDS
        with self.ledger.write() as session:
            for column in (StudyRow.updated_at, StudyRow.last_received_at):
                session.execute(update(StudyRow).values({column.key: time() - back}))
        for path in self.files("instances") + self.files("content"):
            os.utime(path, (time() - back,) * 2)

    def files(self, place: str) -> list[Path]:
        folder = self.store.path("0" * 64).parents[2] / place
        return sorted(p for p in folder.rglob("*") if p.is_file())

    def images(self) -> list[Path]:
        return [path for path in self.files("instances") if path.suffix == ".dcm"]

    def delivered(self, uid: str = STUDY, **header: str) -> None:
        """A study whose report has arrived."""
        with ScriptedPacs() as pacs:
            self.set_peers(replace(pacs.peer, storage_commitment=False))
            self.score(uid, **header)
            self.run()

    def remove_all(self) -> int:
        """Turns until there is nothing left; how many files went."""
        files = 0
        while removed := self.retention.turn()[0]:
            files += removed
        return files


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data_dir of a node with one study whose report has arrived."""
    folder = tmp_path_factory.mktemp("delivered") / "data"
    with OldNode(folder) as made:
        made.delivered()
    return folder


@pytest.fixture
def node(delivered: Path, tmp_path: Path) -> Iterator[OldNode]:
    shutil.copytree(delivered, tmp_path / "data")
    with OldNode(tmp_path / "data") as made:
        yield made


def test_images_go_after_their_days_and_results_after_theirs(node: OldNode) -> None:
    images, written = node.images(), node.files("content")
    node.age(29)
    assert node.remove_all() == 0
    node.age(31)
    assert node.remove_all() == len(images) == 2
    assert (node.images(), node.files("content")) == ([], written)
    node.age(61)
    assert node.remove_all() == len(written)
    assert node.files("content") == []
    status = node.status(STUDY)
    assert (status["state"], status["instances"]) == ("delivered", 0)
    assert {place: gone["number"] for place, gone in status["removed"].items()} == {
        "instances": 2,
        "content": len(written),
    }
    assert status["results"][0]["sop_instance_uids"], "the ledger keeps what was sent where"
    events = [event for event in status["timeline"] if event["event"] == "removed"]
    assert [event["detail"]["contents_sha256"] for event in events] == [
        sorted(path.stem for path in images),
        sorted(path.name for path in written),
    ]
    with node.ledger.read() as session:
        assert isinstance(follow_chain(session), Head)


def test_nothing_goes_unless_the_settings_say_so(node: OldNode) -> None:
    node.age(10_000)
    assert Retention(node.workplace.settings, node.ledger, node.store).turn() == (0, 0)
    assert len(node.images()) == 2


@pytest.mark.parametrize("why", ["undelivered", "uncommitted", "held", "failed", "receiving"])
def test_what_somebody_waits_for_stays(node: OldNode, why: str) -> None:
    """Given an old study in every way unfinished; then nothing of it is due, whatever its state is called."""
    with node.ledger.write() as session:
        study = session.get_one(StudyRow, STUDY)
        if why == "undelivered":
            session.execute(update(DeliveryRow).where(DeliveryRow.id == 1).values(state="waiting"))
        elif why == "uncommitted":
            commit = add_job(session, "commit", "commit:pacs:r", STUDY, {"destination": "pacs", "result": "r"})
            commit.state, commit.destination = "done", "pacs"
        else:
            change_state(session, study, why, "test", "Not at rest.")
    node.age(10_000)
    kept = node.files("instances") + node.files("content")
    assert node.remove_all() == 0
    assert node.files("instances") + node.files("content") == kept


def test_what_another_study_needs_stays_until_it_needs_it_no_more(node: OldNode) -> None:
    """Given two studies whose pictures are drawn from the same arrays; one of them is old."""
    node.delivered("1.2.3.2")
    with node.ledger.write() as session:
        arrays = set(session.scalars(select(ResultArrayRow.content_sha256)))
        assert len(session.scalars(select(ResultArrayRow)).all()) == 2 * len(arrays) > 0
        mine, yours = session.scalars(select(ObjectRow).where(ObjectRow.role == "report")).all()
        yours.content_sha256 = mine.content_sha256
        own = session.scalars(
            select(ObjectRow.content_sha256)
            .join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
            .where(ResultRow.study_instance_uid == STUDY, ObjectRow.role == "report_page")
        ).one()
    shared = {node.store.path(digest) for digest in (*arrays, mine.content_sha256)}
    node.age(61)
    with node.ledger.write() as session:
        session.execute(update(StudyRow).where(StudyRow.study_instance_uid == "1.2.3.2").values(updated_at=time()))
    node.remove_all()
    assert {path for path in shared if path.exists()} == shared
    assert not node.store.path(own).exists()
    node.age(61)
    node.remove_all()
    assert not [path for path in shared if path.exists()], "the last who needed them is gone"


def test_a_turn_that_was_cut_short_goes_on(node: OldNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a power cut between the decision and the removal, and one between two steps of the removal itself."""
    node.age(31)
    unlink = Path.unlink

    def no_unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".removing":
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", no_unlink)
    with pytest.raises(KeyboardInterrupt):
        node.retention.turn()
    monkeypatch.undo()
    assert len(node.images()) == 1, "one was set aside, one was not reached"
    assert node.remove_all() == 2
    assert [path.suffix for path in node.files("instances")] == [".head", ".head"]


def test_what_is_needed_again_in_the_same_moment_stays(node: OldNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a content that is put again just before its name is taken away."""
    node.age(61)
    path = node.files("content")[0]
    content, rename = path.read_bytes(), Path.rename

    def put_first(old: Path, new: Path) -> Path:
        if old == path:
            monkeypatch.undo()
            node.store.put(content)
        return rename(old, new)

    monkeypatch.setattr(Path, "rename", put_first)
    node.remove_all()
    assert path.read_bytes() == content


def test_a_backup_under_way_keeps_every_file(node: OldNode) -> None:
    node.age(31)
    with keep_files_from(node.workplace.settings.node.data_dir, exclusive=False):
        assert node.retention.turn() == (0, 0)
    assert node.remove_all() == 2


def test_the_same_image_again_is_kept_again_and_not_scored_again(node: OldNode, tmp_path: Path) -> None:
    """Given a study whose images were removed; when its sender sends it again; then it is whole, and as it was."""
    inbox, first, _ = _received_and_removed(node, tmp_path)
    assert inbox.receive_file(first, "SENDER").arrival == "same_bytes"
    status = node.status(first.stem)
    assert (status["state"], status["instances"], status["removed"]["instances"]["number"]) == ("no_system", 1, 1)
    assert status["timeline"][-1]["event"] == "kept_again"
    assert len(node.images()) == 1
    assert node.remove_all() == 0, "it is touched: it stays for another while"


def test_a_late_image_of_a_study_that_was_removed_calls_a_person_and_a_resend_mends_it(
    node: OldNode, tmp_path: Path
) -> None:
    inbox, first, second = _received_and_removed(node, tmp_path)
    late = write_file(tmp_path / "late.dcm", radiograph(StudyInstanceUID=first.stem))
    routed: list[int] = []
    assembly = StudyAssembly(
        node.ledger, node.store, quiet_seconds=1, max_wait_seconds=1, route=lambda *given: routed.append(given[2])
    )
    assert inbox.receive_file(late, "SENDER").arrival == "new"
    assert not assembly.close(first.stem)
    status = node.status(first.stem)
    assert (status["state"], [reason["code"] for reason in status["reasons"]]) == ("failed", ["RS-325"])
    assert inbox.receive_file(first, "SENDER").arrival == "same_bytes"
    assert inbox.receive_file(second, "SENDER").arrival == "new", "now it is whole, and begins a round"
    assert assembly.close(first.stem)
    assert routed == [3]
    assert node.status(first.stem)["reasons"] == []


def test_a_report_is_taken_back_also_when_its_images_are_gone(node: OldNode) -> None:
    node.age(31)
    assert node.remove_all() == 2
    with ScriptedPacs() as pacs:
        node.set_peers(replace(pacs.peer, storage_commitment=False))
        with node.ledger.write() as session:
            withdraw_study(session, node.workplace.settings, STUDY, "Wrong side.", datetime.now(UTC), "dr who")
        node.run()
        assert len(pacs.kept) > 0
    assert node.status(STUDY)["state"] == "delivered"


def test_what_needs_a_removed_image_says_so(node: OldNode) -> None:
    digest = node.images()[0].stem
    node.age(31)
    node.remove_all()
    with node.ledger.read() as session:
        error = lost_content(session, "instances", digest)
        other = lost_content(session, "instances", "0" * 64)
    assert isinstance(error, ContentRemovedError)
    assert "Have the sender send the study again" in str(error)
    assert "restore it from a backup" in str(other)


def test_what_is_due_can_be_seen_before(node: OldNode) -> None:
    node.age(31)
    with node.ledger.read() as session:
        [due] = due_removals(session, node.store, EVERYTHING, time())
    assert (due.study_instance_uid, due.place, len(due.contents)) == (STUDY, "instances", 2)
    assert due.bytes == sum(path.stat().st_size for path in node.images())


def _received_and_removed(node: OldNode, folder: Path) -> tuple[Inbox, Path, Path]:
    """An old study of two images that no system scores, received by the inbox and removed: inbox and files."""
    phantom = draw_hand(5, side="R", spacing_mm=1.6, grows=False)
    files = []
    for number in (1, 2):
        dataset = hand_dataset(phantom.pixels, 1.6, "R", 5, instance_number=number)
        files.append(write_file(folder / str(number) / f"{dataset.StudyInstanceUID}.dcm", dataset))
    inbox = Inbox(node.store, node.ledger, LimitsSection(free_disk_bytes=1))
    for file in files:
        assert inbox.receive_file(file, "SENDER").arrival == "new"
    uid = files[0].stem
    with node.ledger.write() as session:
        change_state(session, session.get_one(StudyRow, uid), "no_system", "test", "None.", [])
    node.age(31)
    assert node.remove_all() == 4, "and the two of the delivered study"
    with node.ledger.read() as session:
        assert len(session.scalars(select(InstanceRow)).all()) == 4
    return inbox, files[0], files[1]
