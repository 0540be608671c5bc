"""The demonstration's PACS, either of the two, stores and answers C-FIND."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_node.delivery.send_files import send_files
from dicom_node.delivery.store_scu import echo
from dicom_node.demo_pacs import running_pacs
from dicom_node.peers import Peer
from scoring.phantoms.write_phantoms import write_hand_pair
from tests.foreign_programs.programs import find_program, free_port, wait_until


@pytest.mark.parametrize("kind", ["orthanc", "qrscp"])
def test_it_stores_and_finds(tmp_path: Path, kind: str) -> None:
    program = find_program("Orthanc", "orthanc") if kind == "orthanc" else None
    pair = write_hand_pair(tmp_path / "pair", 21)
    with running_pacs(tmp_path / kind, free_port(), free_port(), {"DEMO": 1}, program) as pacs:
        peer = Peer("pacs", pacs.ae_title, "127.0.0.1", pacs.port)
        wait_until("the PACS answers", lambda: echo(peer, "DEMO").alive)
        assert all(answer.stored for answer in send_files(peer, pair.files, "DEMO"))
        assert {modality for modality, _ in pacs.find_series(pair.study_instance_uid)} == {"CR"}
        assert pacs.find_series("1.2.3") == []
