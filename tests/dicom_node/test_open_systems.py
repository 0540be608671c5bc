"""Systems are loaded ahead of their first study, but no study waits for one that it does not need."""

from __future__ import annotations

from pathlib import Path
from time import time
from types import SimpleNamespace

import pytest

from dicom_node import open_systems
from dicom_node.ledger.due_jobs import one_waits
from dicom_node.ledger.jobs import take_lease
from dicom_node.ledger.tables import JobRow
from dicom_node.open_systems import OpenSystems
from dicom_node.settings import NodeSettings
from scoring.catalogue import list_systems
from scoring.contract import ScoringSystem
from scoring.errors import WeightsError
from scoring.spec import SystemSpec
from tests.dicom_node.ledger.ledgers import add_jobs, add_study, new_ledger

ALL = [spec.key for spec in list_systems()]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys in the order in which systems were opened; none is really."""
    keys: list[str] = []

    def open_spec(spec: SystemSpec) -> SimpleNamespace:
        keys.append(spec.key)
        return SimpleNamespace(spec=spec)

    monkeypatch.setattr(open_systems, "open_spec", open_spec)
    return keys


def test_while_nothing_waits_all_are_loaded_each_once(loaded: list[str]) -> None:
    systems = OpenSystems(NodeSettings())
    assert systems.load_ahead(lambda: False)
    assert loaded == ALL
    assert systems.system("nailfold") is systems.system("nailfold")
    assert not systems.load_ahead(lambda: False)
    assert loaded == ALL


def test_a_study_that_waits_is_kept_by_its_own_system_only(loaded: list[str]) -> None:
    # given a worker at whose start a study waits
    systems = OpenSystems(NodeSettings())
    assert not systems.load_ahead(lambda: True)
    # when it is scored
    systems.system("nailfold")
    assert loaded == ["nailfold"]
    # then the others are loaded once no other one waits
    assert systems.load_ahead(lambda: False)
    assert sorted(loaded) == ALL


def test_a_study_that_comes_while_one_is_loaded_waits_for_no_other(loaded: list[str]) -> None:
    systems = OpenSystems(NodeSettings())
    assert systems.load_ahead(lambda: len(loaded) == 1)
    assert loaded == ALL[:1]


def test_one_that_cannot_be_loaded_is_said_and_keeps_no_other_back(
    loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a first system whose weights were changed
    systems, opened = OpenSystems(NodeSettings()), open_systems.open_spec

    def changed(spec: SystemSpec) -> ScoringSystem:
        if spec.key == ALL[0]:
            raise WeightsError("The weight file was changed.")
        return opened(spec)

    monkeypatch.setattr(open_systems, "open_spec", changed)
    # when it is loaded ahead, then that is said; and later the others are loaded
    with pytest.raises(WeightsError):
        systems.load_ahead(lambda: False)
    assert systems.load_ahead(lambda: False)
    assert loaded == ALL[1:]
    with pytest.raises(WeightsError):
        systems.system(ALL[0])


def test_a_job_waits_when_it_may_start_and_nobody_has_it(tmp_path: Path) -> None:
    ledger, now = new_ledger(tmp_path), time()
    add_study(ledger)
    add_jobs(ledger, 1, "report")
    [job_id] = add_jobs(ledger, 1, "score")

    def waits(*kinds: str) -> bool:
        with ledger.read() as session:
            return one_waits(session, kinds, now + 1)

    assert waits("score") and waits("report", "deliver") and not waits("deliver")
    with ledger.write() as session:
        session.get_one(JobRow, job_id).run_after = now + 60
    assert not waits("score"), "it is to be tried again in a minute"
    with ledger.write() as session:
        session.get_one(JobRow, job_id).run_after = now
    assert take_lease(ledger, job_id, "a:1:x") is not None
    assert not waits("score"), "somebody has it in hand"
    ledger.close()
