"""A result on its way to a real Orthanc through a network that delays, trickles, cuts, resets, swallows, flips bits.

Whatever the wire does, afterwards the PACS has each object once, and with the bytes that were sent; but for a bit that
was flipped in pixels, which DICOM without TLS cannot see (the last test says so).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.peers import Peer
from tests.dicom_node.delivery.finished_objects import finished_picture, finished_report
from tests.dicom_node.delivery.house import House, open_house
from tests.foreign_programs.chaos_proxy import ChaosProxy, Fault
from tests.foreign_programs.orthanc import Orthanc
from tests.sr_templates.results_for_tests import two_hands

_STUDY = two_hands().result.study_instance_uid
PICTURE, REPORT = finished_picture(study=_STUDY, side=150), finished_report(study=_STUDY)
PIXELS = bytes(range(200, 251)) + bytes(range(20))
SLOW = {
    "late": Fault(delay=0.2, jitter=0.1),
    "50 kB a second": Fault(bytes_per_second=50_000),
    "byte by byte": Fault(piece_bytes=1),
}
BROKEN = {
    "cut after 1 byte": Fault(cut_after=1),
    "cut after 100 bytes": Fault(cut_after=100),
    "cut after 10,000 bytes": Fault(cut_after=10_000),
    "reset after 10,000 bytes": Fault(cut_after=10_000, reset=True),
    "swallowed from 10,000 bytes on": Fault(swallow_after=10_000),
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


def put(house: House, wire: ChaosProxy) -> str:
    peer = Peer("pacs", "ORTHANC", "127.0.0.1", wire.port, receives_results=True)
    [job_id] = house.put(peer, objects=(PICTURE, REPORT))
    return job_id


def kept_by(orthanc: Orthanc) -> list[bytes]:
    return sorted(read_part10(orthanc.file(instance["ID"])).data_set for instance in orthanc.instances())


SENT = sorted(read_part10(item.content).data_set for item in (PICTURE, REPORT))


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_wire_only_takes_longer(house: House, orthanc: Orthanc, name: str) -> None:
    with ChaosProxy(orthanc.dicom_port, SLOW[name]) as wire:
        job_id = put(house, wire)
        assert house.deliver(job_id).state == "done"
    assert kept_by(orthanc) == SENT


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_wire_loses_and_doubles_nothing(house: House, orthanc: Orthanc, name: str) -> None:
    with ChaosProxy(orthanc.dicom_port, BROKEN[name]) as wire:
        job_id = put(house, wire)
        patient = house.settings.delivery.answer_seconds
        house.wait_for_answers(2.0)
        row = house.deliver(job_id)
        assert (row.state, row.error_code, row.attempts) == ("waiting", "RS-311", 0)
        assert house.state == "delivering"
        house.wait_for_answers(patient)
        wire.healthy()
        assert house.deliver(job_id).state == "done"
    assert (house.state, kept_by(orthanc)) == ("delivered", SENT)


def test_a_bit_flipped_in_the_uid_of_an_object_is_seen_and_stays_with_a_person(house: House, orthanc: Orthanc) -> None:
    """Orthanc compares the data set with the command: 0xA900. The other object goes on."""
    uid = PICTURE.sop_instance_uid.encode()
    element = b"\x08\x00\x18\x00UI" + (len(uid) + len(uid) % 2).to_bytes(2, "little") + uid
    with ChaosProxy(orthanc.dicom_port, Fault(flip_in=element)) as wire:
        row = house.deliver(put(house, wire))
    assert (row.state, row.error_code) == ("parked", "RS-321")
    assert kept_by(orthanc) == [read_part10(REPORT.content).data_set]


def test_a_bit_flipped_in_pixels_is_seen_by_nobody(house: House, orthanc: Orthanc) -> None:
    """What DICOM cannot do: it has no checksum, so that every answer is Success. Only TLS shows such a bit."""
    with ChaosProxy(orthanc.dicom_port, Fault(flip_in=PIXELS)) as wire:
        assert house.deliver(put(house, wire)).state == "done"
    [kept] = orthanc.instances(SOPInstanceUID=PICTURE.sop_instance_uid)
    path = house.settings.node.data_dir / "kept.dcm"
    path.write_bytes(orthanc.file(kept["ID"]))
    assert dcmread(path).PixelData != dcmread_pixels(house)


def dcmread_pixels(house: House) -> bytes:
    path = house.settings.node.data_dir / "sent.dcm"
    path.write_bytes(PICTURE.content)
    pixels: bytes = dcmread(path).PixelData
    return pixels
