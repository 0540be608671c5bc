"""When a study is complete, on clocks that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.ledger.tables import StudyRow
from dicom_node.ledger.timeline import change_state
from dicom_node.receiving.inbox import AnnouncedInstance, Inbox
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.settings import LimitsSection
from scoring.study import Study
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import RawSender
from tests.dicom_node.receiving.running_node import RunningNode
from tests.foreign_programs.programs import wait_until

EXPLICIT = "1.2.840.10008.1.2.1"


class Bench:
    """Inbox and assembly with hands on the clocks."""

    def __init__(self, folder: Path) -> None:
        self.wall, self.monotonic = 1_800_000_000.0, 50.0
        self.store = ContentStore(folder)
        self.ledger = new_ledger(folder)
        self.inbox = Inbox(self.store, self.ledger, LimitsSection(free_disk_bytes=1), wall_clock=lambda: self.wall)
        self.routed: list[tuple[Study, int]] = []
        self.announced = 0
        self.fault: Exception | None = None
        self.assembly = self.new_assembly()

    def new_assembly(self) -> StudyAssembly:
        return StudyAssembly(
            self.ledger,
            self.store,
            quiet_seconds=5,
            max_wait_seconds=60,
            route=self.route,
            announce=self.announce,
            wall_clock=lambda: self.wall,
            monotonic_clock=lambda: self.monotonic,
        )

    def route(self, session: Session, study: Study, number: int) -> None:
        if self.fault and study.study_instance_uid == "1.2.1":
            raise self.fault
        self.routed.append((study, number))

    def announce(self) -> None:
        self.announced += 1

    def receive(self, study: str = "1.2.1", **attributes: object) -> None:
        ds = radiograph(StudyInstanceUID=study, **attributes)
        incoming = self.inbox.begin(AnnouncedInstance(CR, ds.SOPInstanceUID, EXPLICIT, "SENDER"))
        incoming.write(encoded(ds))
        incoming.finish()

    def after(self, seconds: float) -> float:
        self.wall += seconds
        self.monotonic += seconds
        return self.assembly.close_due()

    def state(self, study: str = "1.2.1") -> str:
        with self.ledger.read() as session:
            return session.get_one(StudyRow, study).state


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


def test_a_study_is_complete_after_the_quiet_time(bench: Bench) -> None:
    bench.receive()
    assert bench.after(4.9) == pytest.approx(0.1)
    assert bench.state() == "receiving"
    bench.after(0.2)
    assert bench.state() == "complete"
    ((study, number),) = bench.routed
    assert (study.study_instance_uid, number, study.forced, len(study.images)) == ("1.2.1", 1, False, 1)
    assert study.images[0].body_part == "HAND"
    assert bench.announced == 1
    bench.after(100)
    assert len(bench.routed) == 1


def test_every_image_starts_the_quiet_time_again(bench: Bench) -> None:
    for _ in range(3):
        bench.receive()
        bench.after(4)
    assert bench.routed == []
    bench.after(1.5)
    assert len(bench.routed[0][0].images) == 3


def test_a_study_that_is_never_quiet_is_forced(bench: Bench) -> None:
    for _ in range(14):
        bench.receive()
        bench.after(4)
    assert bench.routed == [], "56 s after the first image"
    bench.receive()
    bench.after(4.5)
    ((study, _),) = bench.routed
    assert study.forced
    with bench.ledger.read() as session:
        assert session.get_one(StudyRow, "1.2.1").forced


def test_a_late_image_opens_the_next_round_with_all_images(bench: Bench) -> None:
    bench.receive()
    bench.after(6)
    with bench.ledger.write() as session:
        change_state(session, session.get_one(StudyRow, "1.2.1"), "delivered", "test", "delivered", [])
    bench.after(1000)
    bench.receive()
    assert bench.state() == "receiving"
    bench.after(6)
    assert [(len(study.images), number, study.forced) for study, number in bench.routed] == [
        (1, 1, False),
        (2, 2, False),
    ]


def test_the_newest_bytes_of_an_instance_count_and_ours_do_not(bench: Bench) -> None:
    bench.receive(SOPInstanceUID="1.2.3", BodyPartExamined="FOOT")
    bench.receive(SOPInstanceUID="1.2.3", BodyPartExamined="HAND")
    bench.receive(SOPInstanceUID="1.2.4", Manufacturer="rheumascore", ImageType=["DERIVED", "SECONDARY"])
    bench.after(6)
    ((study, _),) = bench.routed
    assert [(image.sop_instance_uid, image.body_part) for image in study.images] == [("1.2.3", "HAND")]


def test_a_person_closes_a_study_at_once(bench: Bench) -> None:
    bench.receive()
    assert bench.assembly.close("1.2.1")
    assert bench.routed[0][0].forced
    assert not bench.assembly.close("1.2.1"), "it is closed"
    assert not bench.assembly.close("9.9"), "there is no such study"


def test_a_fault_in_one_study_is_recorded_and_stops_no_other(bench: Bench) -> None:
    bench.fault = ValueError("a fault")
    bench.receive("1.2.1")
    bench.receive("1.2.2")
    bench.after(6)
    assert bench.state("1.2.1") == "failed"
    assert bench.state("1.2.2") == "complete"
    with bench.ledger.read() as session:
        assert session.get_one(StudyRow, "1.2.1").reasons[0]["code"] == "RS-000"


def test_a_lost_file_fails_its_study_with_the_code(bench: Bench) -> None:
    bench.receive()
    for path in (bench.store.instance_path("0" * 64).parents[1]).rglob("*.dcm"):
        path.unlink()
    bench.after(6)
    assert bench.state() == "failed"
    with bench.ledger.read() as session:
        assert session.get_one(StudyRow, "1.2.1").reasons[0]["code"] == "RS-322"


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_step_of_the_wall_clock_changes_nothing(bench: Bench, jump: float) -> None:
    bench.receive()
    bench.after(1)
    bench.wall += jump
    bench.after(3)
    assert bench.state() == "receiving"
    bench.after(1.5)
    assert bench.state() == "complete"


def test_after_a_restart_the_rest_of_the_quiet_time_is_waited(bench: Bench) -> None:
    bench.receive()
    bench.after(3)
    bench.assembly = bench.new_assembly()
    bench.after(1)
    assert bench.state() == "receiving"
    bench.after(1.5)
    assert bench.state() == "complete"


def test_the_loop_closes_what_a_sender_sent(tmp_path: Path) -> None:
    ds = radiograph()
    with RunningNode(tmp_path, assembly=True) as node:
        with RawSender(node.port) as sender:
            sender.associate()
            sender.store(CR, ds.SOPInstanceUID, encoded(ds))
        wait_until("it is complete", lambda: node.events(ds.StudyInstanceUID) == ["receiving", "complete"])
        assert len(node.routed) == 1
