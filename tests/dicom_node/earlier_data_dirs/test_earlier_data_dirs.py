"""What the node of each earlier stage wrote is opened by this one: nothing is lost, and what waited goes on."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from core_lab.access import Access
from core_lab.web.app import create_app
from dicom_node.backup.make_backup import make_backup
from dicom_node.content_store import ContentStore
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.ledger.audit_heads import check_trail
from dicom_node.ledger.audit_trail import Head
from dicom_node.ledger.results import current_results
from dicom_node.ledger.tables import ObjectRow
from scoring.errors import ResultError
from scoring.result import ScoreResult
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs

ARCHIVE = Path(__file__).with_name("data_dirs.tar.xz")
STAGES = ("stage1", "stage2", "stage3", "stage4", "stage5")
STUDY = "2.25.30794240445870476928229399470714305365"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("stage", STAGES)
def test_a_data_dir_of_an_earlier_stage_goes_on(unpacked: Path, tmp_path: Path, stage: str) -> None:
    data_dir = unpacked / stage
    written = _objects_as_written(data_dir)
    with DrivenNode(data_dir) as node, ScriptedPacs() as pacs:
        node.set_peers(replace(pacs.peer, storage_commitment=False))
        status = node.status(STUDY)
        assert (status["state"], status["instances"], len(status["results"])) == ("delivering", 1, 1)
        assert [delivery["state"] for delivery in status["results"][0]["deliveries"]] == ["waiting"] * len(written)
        made = make_backup(node.workplace.settings, node.ledger, tmp_path / "backups", lambda things, _: things)
        assert made.faults == []
        node.run("deliver")
        assert node.status(STUDY)["state"] == "delivered"
        assert sorted(pacs.kept) == sorted(written.items()), "the very bytes that were written then"
        with node.ledger.read() as session:
            assert isinstance(check_trail(session, data_dir), Head)
            arrays = session.connection().exec_driver_sql("SELECT count(*) FROM result_arrays").scalar()
            assert arrays == 1


def test_a_result_of_an_earlier_schema_has_a_clear_answer(unpacked: Path, tmp_path: Path) -> None:
    """Given a result of schema 1: it is listed, shown as what it is, followed by another; nothing breaks of it."""
    data_dir = tmp_path / "data"
    with tarfile.open(ARCHIVE) as archive:
        members = [member for member in archive.getmembers() if member.name.startswith("stage1/")]
        archive.extractall(tmp_path, members, filter="data")
    (tmp_path / "stage1").rename(data_dir)
    config = tmp_path / "node.toml"
    config.write_text("[node]\n")
    for verb in (["status", "--json"], ["requeue"]):
        done = _rheumascore(*verb, "--config", str(config))
        assert done.returncode == 0, done.stderr
    refused = _rheumascore("withdraw", "--study", STUDY, "--reason", "wrong", "--config", str(config))
    assert (refused.returncode, "schema 1" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)
    with DrivenNode(data_dir) as node:
        with node.ledger.read() as session:
            [row] = current_results(session, STUDY)
            with pytest.raises(ResultError, match="schema 1"):
                ScoreResult.from_json(row.content)
        access = Access()
        with TestClient(create_app(node.workplace.settings, access), base_url="http://127.0.0.1:8080") as page:
            page.get("/", params={"token": access.token})
            answer = page.get(f"/studies/{STUDY}")
        assert (answer.status_code, "stored by another version" in answer.text) == (200, True)
        successor = node.score("1.2.3.9")
        later = node.keep(replace(successor, study_instance_uid=STUDY), node.header(successor))
        assert later.predecessor is not None
        assert (later.predecessor.digest, later.predecessor.scored_at) == (row.digest, _scored_at(row.content))


def _objects_as_written(data_dir: Path) -> dict[str, bytes]:
    """Of every object that waits there: its UID and its data set, by the ledger of then and the content store."""
    store = ContentStore(data_dir)
    with closing(sqlite3.connect(data_dir / "ledger.sqlite3")) as ledger:
        rows = ledger.execute(f"SELECT sop_instance_uid, content_sha256 FROM {ObjectRow.__tablename__}").fetchall()
    for _, sha256 in rows:
        assert hashlib.sha256(store.read(sha256)).hexdigest() == sha256
    return {uid: read_part10(store.read(sha256)).data_set for uid, sha256 in rows}


def _scored_at(content: str) -> str:
    return str(json.loads(content)["scored_at"])


def _rheumascore(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scoring.cli", *arguments], capture_output=True, text=True, check=False
    )
