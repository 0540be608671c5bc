"""A wrong report is taken back: everybody who has it is told, nobody else, and nothing of it is sent any more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicom_node.errors import WithdrawalError
from dicom_node.ledger.job_failures import release_leases_of
from dicom_node.ledger.results import current_results
from dicom_node.peers import Peer
from dicom_node.withdrawal import Withdrawal, read_reason, withdraw_study
from scoring.result import ScoreResult
from sr_templates import codes
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.foreign_programs.programs import wait_until
from tests.foreign_programs.storescp import StoreScp

STUDY, NOW = "1.2.3.1", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
REASON = "Left and right were exchanged at the modality."


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DrivenNode]:
    with DrivenNode(tmp_path / "data") as made:
        yield made


def withdraw(node: DrivenNode, uid: str = STUDY, system: str | None = None) -> list[Withdrawal]:
    with node.ledger.write() as session:
        return withdraw_study(session, node.workplace.settings, uid, REASON, NOW, "dr who", system)


def current(node: DrivenNode, uid: str = STUDY) -> ScoreResult:
    with node.ledger.read() as session:
        [row] = current_results(session, uid)
        return ScoreResult.from_json(row.content)


def kept_uids(pacs: ScriptedPacs) -> list[str]:
    return [uid for uid, _ in pacs.kept]


def test_the_archive_that_has_it_is_sent_a_successor_without_scores(node: DrivenNode, tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive", SOP_CLASS_OF_FORM["comprehensive"], SECONDARY_CAPTURE) as archive:
        node.set_peers(Peer("pacs", "ARCHIVE", "127.0.0.1", archive.port, receives_results=True))
        former = node.score(STUDY)
        node.run()
        first = {str(d.SOPInstanceUID) for d in archive.kept()}
        [done] = withdraw(node)
        assert (done.system, done.withdrawn, done.told, done.unreachable) == (
            "hand_joints",
            former.digest,
            ("pacs",),
            (),
        )
        assert node.status(STUDY)["state"] == "delivering"
        node.run()
        result = current(node)
        assert (result.digest, result.scored_at) == (done.successor, "2026-03-01T09:30:00Z")
        assert result.withdraws and result.items == result.totals == result.heatmaps == ()
        assert result.images == former.images and result.weights == former.weights
        assert result.not_evaluable is not None
        assert (result.not_evaluable.reason, result.not_evaluable.explanation) == (codes.WITHDRAWN, REASON)
        assert result.predecessor is not None and {o.sop_instance_uid for o in result.predecessor.objects} == first
        assert {o.form for o in result.predecessor.objects if o.role == "report"} == {"comprehensive"}
        assert all(o.series_instance_uid for o in result.predecessor.objects)
        [report] = [d for d in archive.kept() if d.Modality == "SR" and d.SOPInstanceUID not in first]
        assert report.StudyInstanceUID == STUDY
    status = node.status(STUDY)
    assert status["state"] == "delivered"
    assert status["reasons"] == [{"code": "WITHDRAWN", "text": REASON, "system": "hand_joints"}]
    assert status["results"][0]["withdrawn"] is True
    assert "told" in next(e["text"] for e in status["timeline"] if e["event"] == "withdrawn").lower()


def test_only_who_has_it_or_may_have_it_is_told(node: DrivenNode) -> None:
    """Given archives that stored it, fell silent in the middle, refused it, and never answered at all."""
    with ScriptedPacs() as has, ScriptedPacs("drop") as may, ScriptedPacs(*[0xC000] * 9) as never:
        away = ScriptedPacs()
        peers = [replace(p.peer, name=n) for n, p in (("has", has), ("may", may), ("never", never), ("away", away))]
        node.set_peers(*peers)
        node.score(STUDY)
        node.run()
        assert {s for *_, s in node.deliveries("may")} == {"waiting"}
        assert node.status(STUDY)["state"] == "failed", "one archive refused it"
        [done] = withdraw(node)
        assert done.told == ("has", "may")
        assert {s for n in ("may", "away", "never") for *_, s in node.deliveries(n)} == {"superseded"}
        before = len(may.kept), len(never.kept)
        with away:
            node.run()
            assert (len(may.kept) > before[0], len(never.kept), away.kept) == (True, before[1], [])
    assert node.status(STUDY)["state"] == "delivered"
    assert [r["code"] for r in node.status(STUDY)["reasons"]] == ["WITHDRAWN"]


def test_an_archive_that_left_the_settings_is_named(node: DrivenNode) -> None:
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        node.score(STUDY)
        node.run()
        node.set_peers()
        [done] = withdraw(node)
    assert (done.told, done.unreachable) == ((), ("pacs",))


def test_one_that_only_has_an_older_report_is_told_of_that_one(node: DrivenNode) -> None:
    """Given a first report that arrived and a successor that never could; when it is withdrawn; then the archive is
    told, and what it has is named."""
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        first = node.score(STUDY)
        node.run()
        had = kept_uids(pacs)
        second = node.keep(replace(first, notes=("a late image",)), node.header(first))
        assert second.predecessor is not None
        assert {o.sop_instance_uid for o in second.predecessor.objects} == set(had)
        node.run("report")
        [done] = withdraw(node)
        assert done.told == ("pacs",)
        predecessor = current(node).predecessor
        assert predecessor is not None and predecessor.digest == second.digest
        assert {o.sop_instance_uid for o in predecessor.objects} == set(had)


def test_what_never_left_is_just_ended(tmp_path: Path) -> None:
    with ScriptedPacs() as pacs, DrivenNode(tmp_path / "data", pacs.peer, accept=False) as node:
        node.score(STUDY)
        node.run()
        assert node.status(STUDY)["state"] == "held"
        [done] = withdraw(node)
        node.run()
        assert (done.told, pacs.kept, node.jobs("waiting"), node.jobs("held")) == ((), [], [], [])
        status = node.status(STUDY)
        assert status["state"] == "not_evaluable"
        assert [r["code"] for r in status["reasons"]] == ["WITHDRAWN"]
        assert current(node).predecessor.objects == ()  # type: ignore[union-attr]


def test_a_result_after_a_withdrawal_names_it_as_its_predecessor(node: DrivenNode) -> None:
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        first = node.score(STUDY)
        node.run()
        [done] = withdraw(node)
        node.run()
        again = node.keep(replace(first, notes=("scored again",)), node.header(first))
        assert again.predecessor is not None and again.predecessor.digest == done.successor
        assert not again.withdraws
        node.run()
    assert node.status(STUDY)["state"] == "delivered"
    assert node.status(STUDY)["reasons"] == []


def test_twice_unknown_or_empty_says_so(node: DrivenNode) -> None:
    with pytest.raises(WithdrawalError, match="no study"):
        withdraw(node)
    node.score(STUDY)
    with pytest.raises(WithdrawalError, match="no result of nailfold"):
        withdraw(node, system="nailfold")
    withdraw(node)
    with pytest.raises(WithdrawalError, match="withdrawn already"):
        withdraw(node)
    for wrong in ("", "  ", "x" * 1001, "bell\a"):
        with pytest.raises(WithdrawalError, match="1 to 1000"):
            read_reason(wrong)
    assert read_reason(" two\n lines ") == "two lines"


def test_a_successor_ends_what_its_former_still_had_to_send(tmp_path: Path) -> None:
    """Given a result that is held; when a late image makes a successor; then only the successor's delivery is held, and
    it names no object of the former, because none went out."""
    with ScriptedPacs() as pacs, DrivenNode(tmp_path / "data", pacs.peer, accept=False) as node:
        first = node.score(STUDY)
        node.run()
        second = node.keep(replace(first, notes=("a late image",)), node.header(first))
        node.run()
        assert second.predecessor is not None and second.predecessor.objects == ()
        assert [j.subject["result"] for j in node.jobs("held")] == [second.digest]
        assert [j.subject["result"] for j in node.jobs("superseded")] == [first.digest]


def test_a_job_in_hand_when_its_result_is_withdrawn_sends_nothing_more(node: DrivenNode) -> None:
    """Given a delivery that a worker has just taken up; when it begins; then it sees that nothing is to be sent."""
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        node.score(STUDY)
        node.run("report")
        with node.leased("deliver") as go_on:
            withdraw(node)
            go_on()
        assert pacs.kept == []
        assert len(node.jobs("superseded")) == 1
        with node.leased("report") as go_on:  # told, because nobody could know whether it had begun
            go_on()
        node.run()
        assert pacs.kept != []
    assert node.status(STUDY)["state"] == "delivered"


def test_an_archive_that_may_have_it_because_a_worker_died_is_told(tmp_path: Path) -> None:
    """Given a worker killed after the archive kept a picture and before it answered; then it may have all of it."""
    with ScriptedPacs("hang") as pacs, DrivenNode(tmp_path / "data", pacs.peer) as node:
        node.score(STUDY)
        node.run("report")
        program = (
            "from pathlib import Path; from dicom_node.peers import Peer\n"
            "from tests.dicom_node.delivery.driven_node import DrivenNode\n"
            f"peer = Peer('pacs', 'PACS', '127.0.0.1', {pacs.port}, receives_results=True)\n"
            f"DrivenNode(Path({str(tmp_path / 'data')!r}), peer).run('deliver')\n"
        )
        with subprocess.Popen([sys.executable, "-c", program]) as worker:
            wait_until("the archive keeps a picture", lambda: pacs.kept, 120)
            worker.kill()
        with node.ledger.write() as session:
            assert release_leases_of(session, "", "reaper", 3) == 1
        assert {state for *_, state in node.deliveries("pacs")} == {"waiting"}
        [done] = withdraw(node)
        assert done.told == ("pacs",)
        assert len(current(node).predecessor.objects) == 4  # type: ignore[union-attr]
