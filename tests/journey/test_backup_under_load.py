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

from tests.foreign_programs.dcmtk import storescu
from tests.journey.running_node import RunningNode
from tests.journey.sent_study import write_study
from tests.journey.toy_house import READ_BY_THE_TOY, build_house, where_the_toy_scores


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    running = RunningNode(tmp_path)
    running.environment = where_the_toy_scores(build_house(tmp_path / "house"))
    with running:
        yield running


@pytest.mark.timeout(600)
def test_a_backup_under_load_is_restored_and_ends_with_one_result_set(node: RunningNode, tmp_path: Path) -> None:
    """Given a study before the backup, one that comes while it is made, and a data_dir that is lost afterwards."""
    studies = [write_study(tmp_path / "studies", number, body_part=READ_BY_THE_TOY) for number in (4301, 4302)]
    before, meanwhile = studies
    storescu(node.port, *before.files, calling="SENDER", called="RHEUMASCORE")
    node.wait_for(before.uid)
    sending = threading.Thread(
        target=lambda: storescu(node.port, *meanwhile.files, calling="SENDER", called="RHEUMASCORE")
    )
    sending.start()
    done = node.verb("backup", str(tmp_path / "backups"), "--json")
    sending.join()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faults"] == []
    first = {study.uid: node.wait_for_commitment(study.uid) for study in studies}
    archived = _objects(node, before.uid)
    assert node.stop() == 0

    (tmp_path / "data").rename(tmp_path / "lost")
    restored = node.verb("restore", str(tmp_path / "backups"), "--json")
    assert restored.returncode == 0, restored.stderr
    node.start()
    storescu(node.port, *meanwhile.files, calling="SENDER", called="RHEUMASCORE")  # as the verb says
    again = {study.uid: node.wait_for_commitment(study.uid) for study in studies}

    assert [len(status["results"]) for status in again.values()] == [1, 1]
    uid = before.uid
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
