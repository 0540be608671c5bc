"""What arrives is told apart by its UID and its bytes, and what we wrote ourselves is no image of a study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.ledger.instances import ReceivedInstance, add_instance, instances_of
from dicom_node.peers import Peer
from tests.dicom_node.delivery.house import OBJECTS, House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


def receive(house: House, uid: str, sha256: str) -> str:
    """How an instance of the house's study arrives; without a mark of ours in its header."""
    instance = ReceivedInstance(
        sop_instance_uid=uid,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
        study_instance_uid=house.result.study_instance_uid,
        series_instance_uid="2.25.9",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        content_sha256=sha256 * 64,
        bytes=1,
        calling_ae_title="SENDER",
        received_at=1.0,
    )
    with house.ledger.write() as session:
        return add_instance(session, instance)


def images(house: House) -> list[tuple[str, str]]:
    """(SOP Instance UID, first digit of the digest) of what is scored."""
    with house.ledger.read() as session:
        rows = instances_of(session, house.result.study_instance_uid)
        return [(row.sop_instance_uid, row.content_sha256[0]) for row in rows]


def test_an_instance_is_known_by_its_own_uid_and_bytes(house: House) -> None:
    assert receive(house, "2.25.1", "a") == "new"
    assert receive(house, "2.25.2", "b") == "new"
    assert receive(house, "2.25.3", "a") == "new"
    assert receive(house, "2.25.1", "c") == "other_bytes"
    assert receive(house, "2.25.1", "a") == "same_bytes"
    assert images(house) == [("2.25.2", "b"), ("2.25.3", "a"), ("2.25.1", "c")]
    assert [event["event"] for event in house.status()["timeline"]] == ["receiving", "other_bytes"]


def test_an_object_that_we_wrote_is_no_image_of_its_study(house: House) -> None:
    """Given a picture that was sent to an archive; when it comes back with an image, only that is scored."""
    house.put(Peer("pacs", "PACS", "127.0.0.1", 104, receives_results=True))
    assert receive(house, OBJECTS[0].sop_instance_uid, "a") == "own_object"
    assert receive(house, "2.25.1", "b") == "new"
    assert images(house) == [("2.25.1", "b")]
