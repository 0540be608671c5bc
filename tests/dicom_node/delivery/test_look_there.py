"""The last proof of a delivery: the destination is queried for every object, until it finds them or a person looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from dicom_node.delivery.look_there import MOST_LOOKS, look_there
from dicom_node.errors import LeaseLostError
from dicom_node.ledger.job_restarts import requeue
from dicom_node.peers import Peer
from tests.dicom_node.delivery.house import OBJECTS, House, open_house
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.dicom_node.ledger.ledgers import job, taken_twice
from tests.foreign_programs.orthanc import Orthanc

PICTURE, REPORT = (item.sop_instance_uid for item in OBJECTS)
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


class QueriedPacs(ScriptedPacs):
    """Finds what it keeps, but for what is ``hidden``. ``status``: with which every query ends; None: with an abort."""

    def __init__(self, *script: int | str) -> None:
        super().__init__(*script)
        self.hidden: set[str] = set()
        self.status: int | None = 0x0000
        self.queries = 0

    @property
    def peer(self) -> Peer:
        """It, as node.toml would name it."""
        return replace(super().peer, storage_commitment=False, confirm_by_find=True)

    def _offer_more(self, entity: AE) -> list[Any]:
        entity.add_supported_context(STUDY_ROOT_FIND)
        return [(evt.EVT_C_FIND, self._on_find)]

    def _on_find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        self.queries += 1
        for uid in dict(self.kept).keys() - self.hidden:
            if f"{uid}.1" == event.identifier.SeriesInstanceUID:
                found = Dataset()
                found.QueryRetrieveLevel, found.SOPInstanceUID = "IMAGE", uid
                yield 0xFF00, found
        if self.status is None:
            event.assoc.abort()
            return
        yield self.status, None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def pacs() -> Iterator[QueriedPacs]:
    with QueriedPacs() as running:
        yield running


def proofs(house: House) -> list[str]:
    """Of each object, picture first, as ``status`` says it."""
    [result] = house.status()["results"]
    return [delivery["proof"] for delivery in result["deliveries"]]


def test_orthanc_finds_what_it_stored(house: House, orthanc: Orthanc) -> None:
    peer = Peer("pacs", orthanc.ae_title, "127.0.0.1", orthanc.dicom_port, storage_commitment=False)
    [job_id] = house.put(replace(peer, receives_results=True, confirm_by_find=True))
    assert proofs(house) == ["", ""]
    house.deliver(job_id)
    assert proofs(house) == ["confirmed", "confirmed"]
    [kept] = orthanc.instances(SOPInstanceUID=PICTURE)
    orthanc.delete(f"/instances/{kept['ID']}")
    assert house.find().state == "waiting"
    assert proofs(house) == ["confirmed", "seen"]
    orthanc.post("/instances", OBJECTS[0].content)
    assert house.find().state == "done"
    assert proofs(house) == ["seen", "seen"]
    assert [event["event"] for event in house.status()["timeline"]][-2:] == ["find_started", "seen"]


def test_it_is_looked_for_only_where_the_settings_say_so(house: House, pacs: QueriedPacs) -> None:
    [job_id] = house.put(replace(pacs.peer, confirm_by_find=False))
    house.deliver(job_id)
    assert [job["kind"] for job in house.status()["jobs"] if job["kind"] == "find"] == []


def test_an_object_that_it_says_to_hold_already_is_looked_for_whatever_the_settings_say(house: House) -> None:
    with QueriedPacs(0x0111, 0x0000) as pacs:
        [job_id] = house.put(replace(pacs.peer, confirm_by_find=False))
        assert house.deliver(job_id).state == "done"
        row = house.find()
        assert (row.state, row.postponed, proofs(house)) == ("waiting", 1, ["confirmed", "seen"])
        pacs.kept.append((PICTURE, b""))
        assert house.find().state == "done"
    assert proofs(house) == ["seen", "seen"]


def test_what_is_not_found_is_looked_for_again_and_then_a_person_is_called(house: House, pacs: QueriedPacs) -> None:
    pacs.hidden = {REPORT}
    [job_id] = house.put(pacs.peer)
    house.deliver(job_id)
    rows = [house.find() for _ in range(MOST_LOOKS)]
    assert all(row.run_after > time() - 60 for row in rows[:-1])
    assert [row.state for row in rows] == ["waiting"] * (MOST_LOOKS - 1) + ["parked"]
    assert (rows[-1].error_code, house.state, proofs(house)) == ("RS-326", "failed", ["seen", "confirmed"])
    pacs.hidden = set()
    with house.ledger.write() as session:
        requeue(session, "dr who", parked=True)
    assert house.find().state == "done"
    assert (house.state, proofs(house), house.status()["reasons"]) == ("delivered", ["seen", "seen"], [])


def test_a_worker_that_lost_its_lease_while_it_looked_changes_nothing_of_the_job(
    house: House, pacs: QueriedPacs
) -> None:
    pacs.hidden = {REPORT}
    [job_id] = house.put(pacs.peer)
    house.deliver(job_id)
    first, second = taken_twice(house.ledger, house.job_of_kind("find"))
    with pytest.raises(LeaseLostError):
        look_there(house.settings, house.ledger, first)
    row = job(house.ledger, first.id)
    assert (row.state, row.lease_owner, row.fencing) == ("leased", "b:2:y", second.fencing)


def test_a_peer_that_offers_no_queries_is_no_failure(house: House) -> None:
    with ScriptedPacs() as pacs:
        [job_id] = house.put(replace(pacs.peer, storage_commitment=False, confirm_by_find=True))
        house.deliver(job_id)
        assert house.find().state == "skipped"
    assert (house.state, proofs(house)) == ("delivered", ["confirmed", "confirmed"])


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        (0xA700, "waiting", "RS-312"),
        (0xC000, "waiting", "RS-312"),
        (None, "waiting", "RS-311"),
        (0x0122, "skipped", None),
        (0x0124, "skipped", None),
        (0xA900, "skipped", None),
    ],
)
def test_a_query_that_fails(house: House, pacs: QueriedPacs, status: int | None, state: str, code: str | None) -> None:
    pacs.status = status
    [job_id] = house.put(pacs.peer)
    house.deliver(job_id)
    row = house.find()
    assert (row.state, row.error_code, house.state) == (state, code, "delivered")


def test_a_peer_that_is_away_when_it_is_to_be_queried_is_asked_later(house: House, pacs: QueriedPacs) -> None:
    [job_id] = house.put(pacs.peer)
    house.deliver(job_id)
    pacs.stop()
    row = house.find()
    assert (row.state, row.error_code) == ("waiting", "RS-311")
    [place] = house.status()["destinations"]
    assert place["away_since"] is not None
    pacs.start()
    assert house.find().state == "done"
    [place] = house.status()["destinations"]
    assert (place["away_since"], place["proof"]) == (None, "seen")
