"""A backup of a node that works, restored beside it: what it knew is there, what came later is sent again; one result.

The same promise as crash point C17: a copy of the database made while it runs is consistent, and deliveries of the gap
are repeated under the same UIDs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring.phantoms.write_phantoms import write_hand_pair
from tests.foreign_programs.dcmtk import storescu
from tests.journey.running_node import RunningNode


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    with RunningNode(tmp_path) as running:
        yield running


@pytest.mark.timeout(600)
def test_a_backup_under_load_is_restored_and_ends_with_one_result_set(node: RunningNode, tmp_path: Path) -> None:
    """Given a study before the backup, one that comes while it is made, and a data_dir that is lost afterwards."""
    pairs = [write_hand_pair(tmp_path / str(seed), seed, severity=0.3) for seed in (4301, 4302)]
    before, meanwhile = pairs
    storescu(node.port, *before.files, calling="SENDER", called="RHEUMASCORE")
    node.wait_for(before.study_instance_uid)
    sending = threading.Thread(
        target=lambda: storescu(node.port, *meanwhile.files, calling="SENDER", called="RHEUMASCORE")
    )
    sending.start()
    done = node.verb("backup", str(tmp_path / "backups"), "--json")
    sending.join()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faults"] == []
    first = {pair.study_instance_uid: node.wait_for_commitment(pair.study_instance_uid) for pair in pairs}
    archived = _objects(node, before.study_instance_uid)
    assert node.stop() == 0

    (tmp_path / "data").rename(tmp_path / "lost")
    restored = node.verb("restore", str(tmp_path / "backups"), "--json")
    assert restored.returncode == 0, restored.stderr
    node.start()
    storescu(node.port, *meanwhile.files, calling="SENDER", called="RHEUMASCORE")  # as the verb says
    again = {pair.study_instance_uid: node.wait_for_commitment(pair.study_instance_uid) for pair in pairs}

    assert [len(status["results"]) for status in again.values()] == [1, 1]
    uid = before.study_instance_uid
    assert again[uid]["results"][0]["digest"] == first[uid]["results"][0]["digest"]
    assert _objects(node, uid) == archived, "what it knew is as it was in the archive, byte for byte"
    verified = node.verb("audit", "verify")
    assert (verified.returncode, "intact" in verified.stdout) == (0, True), verified.stderr


def _objects(node: RunningNode, uid: str) -> dict[str, bytes]:
    """Our objects of a study in the PACS: their files by UID."""
    found = {}
    for series in node.orthanc.find("Series", StudyInstanceUID=uid):
        for instance in series["Instances"]:
            found[instance] = node.orthanc.file(instance)
    return found
