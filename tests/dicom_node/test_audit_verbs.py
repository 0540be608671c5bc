"""A study's way as the audit trail tells it: nothing that happened is missing, nothing of the patient is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from typer.testing import CliRunner

from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.ledger import Ledger
from dicom_node.withdrawal import withdraw_study
from scoring.cli import build_app
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs

STUDY = "2.25.4711"
MARK = "Zxqvmark"
STATES = {"receiving", "complete", "scoring", "scored", "held", "delivering", "delivered", "not_evaluable", "failed"}


class AuditedNode:
    """A node with one study behind it, and the settings by which the command finds its ledger."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.config = folder / "node.toml"
        self.config.write_text('[node]\ndata_dir = "data"\n')

    def audit(self, *words: str) -> tuple[int, str]:
        """Exit code and all that was printed."""
        done = CliRunner().invoke(build_app(), ["audit", *words, "--config", str(self.config)])
        return done.exit_code, done.output

    def trail(self, *words: str) -> list[dict[str, Any]]:
        code, printed = self.audit("show", "--json", *words)
        assert code == 0, printed
        return json.loads(printed)  # type: ignore[no-any-return]

    def tamper(self, *statements: str) -> None:
        with closing(Ledger(f"sqlite:///{self.data_dir / 'ledger.sqlite3'}")) as ledger, ledger.write() as session:
            for statement in statements:
                session.execute(sqlalchemy.text(statement))


@pytest.fixture(scope="module")
def states() -> list[str]:
    """Of the study, as the database saw them change."""
    return []


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, states: list[str]) -> Iterator[AuditedNode]:
    """Given a study that was refused by its archive, started again by a person, delivered, and withdrawn."""
    audited = AuditedNode(tmp_path_factory.mktemp("audited"))
    with ScriptedPacs(*[0xC000] * 9) as pacs, DrivenNode(audited.data_dir, pacs.peer) as driven:
        with driven.ledger.write() as session:
            session.execute(sqlalchemy.text("CREATE TABLE seen (state TEXT)"))
            session.execute(
                sqlalchemy.text(
                    "CREATE TRIGGER watch AFTER UPDATE OF state ON studies WHEN OLD.state <> NEW.state "
                    "BEGIN INSERT INTO seen VALUES (NEW.state); END"
                )
            )
        driven.score(STUDY, PatientName=MARK, PatientID=MARK, ReferringPhysicianName=MARK, StudyDescription=MARK)
        driven.run()
    with ScriptedPacs() as pacs, DrivenNode(audited.data_dir, pacs.peer) as driven:
        with driven.ledger.write() as session:
            assert requeue(session, "dr who", study_instance_uid=STUDY, parked=True)
        driven.run()
        with driven.ledger.write() as session:
            settings = driven.workplace.settings
            withdraw_study(session, settings, STUDY, "Sides exchanged", datetime.now(UTC), "dr who", None)
        driven.run()
        assert driven.status(STUDY)["state"] == "delivered"
        with driven.ledger.read() as session:
            states += session.scalars(sqlalchemy.text("SELECT state FROM seen"))
    yield audited


def test_every_state_of_the_study_is_told_in_its_order(node: AuditedNode, states: list[str]) -> None:
    told = [entry["event"] for entry in node.trail("--study", STUDY) if entry["event"] in STATES]
    assert "failed" in states and states[-1] == "delivered"
    changes = [state for at, state in enumerate(told) if at == 0 or told[at - 1] != state]
    assert changes[-len(states) :] == states


def test_deliveries_and_what_persons_did_are_told_with_who_and_when(node: AuditedNode) -> None:
    trail = node.trail("--study", STUDY)
    did = [(entry["event"], entry["actor"]) for entry in trail]
    order = [did.index(act) for act in (("deliver_requeued", "dr who"), ("withdrawn", "dr who"))]
    assert order == sorted(order)
    events = [event for event, _ in did]
    assert events.index("deliver_parked") < order[0] < events.index("stored_at_destination") < order[1]
    assert events[order[1] :].count("stored_at_destination") == 1
    queued = [entry for entry in trail if entry["event"] == "queued_for_delivery"]
    assert all(entry["detail"]["objects"] and entry["detail"]["destination"] == "pacs" for entry in queued)
    assert all(entry["at"] and entry["actor"] for entry in trail)


def test_the_weights_of_every_result_are_told(node: AuditedNode) -> None:
    kept = [entry["detail"] for entry in node.trail("--study", STUDY) if entry["event"] == "result_kept"]
    assert len(kept) == 2, "the score, and what withdraws it"
    for detail in kept:
        assert len(detail["weights_digest"]) == len(detail["result"]) == 64
        assert detail["weights"]
        assert all(len(sha256) == 64 for sha256 in detail["weights"].values())
    code, printed = node.audit("show", "--study", STUDY)
    assert code == 0
    assert kept[0]["weights_digest"] in printed and "dr who" in printed


def test_nothing_of_the_patient_is_told(node: AuditedNode) -> None:
    assert MARK not in node.audit("show", "--study", STUDY)[1]
    assert MARK not in json.dumps(node.trail("--study", STUDY))
    assert MARK not in json.dumps(node.trail())


def test_an_unknown_study_is_said_to_be_none(node: AuditedNode) -> None:
    code, printed = node.audit("show", "--study", "2.25.1")
    assert (code, "no study" in printed) == (1, True)


def test_verify_names_the_first_broken_entry(node: AuditedNode) -> None:
    """The last test here: it spoils the trail."""
    code, printed = node.audit("verify")
    assert code == 0
    assert printed.startswith("intact, ")
    head = printed.split()[-1]
    entries = int(printed.split()[1])
    assert node.audit("verify", "--head", head)[0] == 0
    code, printed = node.audit("verify", "--head", "0" * 64)
    assert (code, "no entry has the head" in printed) == (1, True)
    node.tamper("DROP TRIGGER timeline_no_delete", f"DELETE FROM timeline WHERE id > {entries - 2}")
    code, printed = node.audit("verify")
    assert (code, f"entry {entries - 1} is missing" in printed) == (1, True)
    node.tamper("DROP TRIGGER timeline_no_update", "UPDATE timeline SET actor = 'somebody' WHERE id = 3")
    code, printed = node.audit("verify")
    assert (code, "entry 3 does not match its hash" in printed) == (1, True)
    code, printed = node.audit("verify", "--json")
    assert (code, json.loads(printed[: printed.rindex("}") + 1])["first_broken"]) == (1, 3)
