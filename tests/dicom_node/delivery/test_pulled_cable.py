"""A PACS in a network of its own, whose cable is pulled: nobody says no, packets are just gone."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_node.delivery import association_to_peer
from dicom_node.peers import Peer
from tests.dicom_node.delivery.house import OBJECTS, House, open_house
from tests.foreign_programs.private_network import PrivateNetwork
from tests.foreign_programs.programs import find_program, stop, wait_until

PORT = 11112


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(association_to_peer, "_CONNECT_SECONDS", 2.0)
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def network() -> Iterator[PrivateNetwork]:
    with PrivateNetwork() as made:
        yield made


@pytest.fixture
def archive(network: PrivateNetwork, tmp_path: Path) -> Iterator[Path]:
    """The folder in which a storescp of that network keeps what it gets."""
    kept = tmp_path / "kept"
    kept.mkdir()
    program = find_program("storescp", "dcmtk")
    with subprocess.Popen(network.command(program, "-aet", "PACS", "-od", str(kept), str(PORT))) as running:
        wait_until("storescp listens", lambda: _answers(network.address))
        yield kept
        stop(running)


def test_what_could_not_be_sent_goes_when_the_cable_is_plugged_in(
    house: House, network: PrivateNetwork, archive: Path
) -> None:
    network.pull_the_cable()
    [job_id] = house.put(Peer("pacs", "PACS", network.address, PORT, receives_results=True))
    row = house.deliver(job_id)
    assert (row.state, row.error_code, house.state) == ("waiting", "RS-311", "delivering")
    [place] = house.status()["destinations"]
    assert place["away_since"] is not None
    network.plug_in()
    wait_until("it can be reached", lambda: _answers(network.address))
    assert house.deliver(job_id).state == "done"
    assert {str(dcmread(path).SOPInstanceUID) for path in archive.iterdir()} == {o.sop_instance_uid for o in OBJECTS}


def _answers(address: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, PORT)) == 0
