"""The richest form that a real archive takes goes there: noticed once, remembered, told in ``status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from dicom_node.delivery.accepted_forms import form_for, forms_among, kinds_of_rungs
from dicom_node.delivery.store_scu import echo
from dicom_node.ledger.job_restarts import requeue
from dicom_node.peers import Peer
from sr_templates.document_forms import KEY_OBJECT, MULTIFRAME_TRUE_COLOUR, SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.foreign_programs.storescp import StoreScp

COMPREHENSIVE, ENHANCED = SOP_CLASS_OF_FORM["comprehensive"], SOP_CLASS_OF_FORM["enhanced"]
BASIC_TEXT = SOP_CLASS_OF_FORM["basic_text"]
FIRST, SECOND = "1.2.3.1", "1.2.3.2"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DrivenNode]:
    with DrivenNode(tmp_path / "data") as made:
        yield made


def peer_of(archive: StoreScp, name: str = "pacs", **more: object) -> Peer:
    return replace(Peer(name, "ARCHIVE", "127.0.0.1", archive.port, receives_results=True), **more)  # type: ignore


def classes(archive: StoreScp) -> Counter[str]:
    return Counter(str(dataset.SOPClassUID) for dataset in archive.kept())


@pytest.mark.parametrize(
    ("taken", "form"),
    [
        ((COMPREHENSIVE, SECONDARY_CAPTURE), "comprehensive"),
        ((ENHANCED, SECONDARY_CAPTURE), "enhanced"),
        ((BASIC_TEXT, SECONDARY_CAPTURE), "basic_text"),
        ((SECONDARY_CAPTURE,), "pictures"),
    ],
    ids=["comprehensive", "enhanced", "basic_text", "pictures"],
)
def test_an_archive_gets_the_richest_form_that_it_takes(
    node: DrivenNode, tmp_path: Path, taken: tuple[str, ...], form: str
) -> None:
    """Given an archive that takes one class of report; when two studies are scored; then both arrive in that form, the
    second without a detour, and ``status`` says why."""
    with StoreScp(tmp_path / "archive", *taken) as archive:
        peer = peer_of(archive)
        node.set_peers(peer)
        node.score(FIRST)
        node.run()
        expected = Counter({SECONDARY_CAPTURE: 3}) + Counter({uid: 1 for uid in taken if uid != SECONDARY_CAPTURE})
        assert classes(archive) == expected
        status = node.status(FIRST)
        assert status["state"] == "delivered"
        [place] = status["destinations"]
        assert (place["form"], place["state"]) == (form, "sent")
        assert place["reason"] == "richest that ARCHIVE takes; wanted comprehensive3d"
        told = [e["text"] for e in status["timeline"] if e["event"] == "needs_form"]
        assert told == [f"pacs does not take comprehensive3d: the report is written again as {form}."]
        attempts = [d["attempts"] for d in status["results"][0]["deliveries"] if d["state"] == "sent"]
        assert set(attempts) == {1}, "nothing is sent twice"

        node.score(SECOND, seed=12)
        node.run()
        assert classes(archive) == expected + expected
        assert not [e for e in node.status(SECOND)["timeline"] if e["event"] == "needs_form"]
        assert node.status(SECOND)["state"] == "delivered"


def test_an_archive_that_takes_nothing_calls_a_person_with_clear_words(node: DrivenNode, tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive") as archive:
        node.set_peers(peer_of(archive))
        node.score(FIRST)
        node.run()
        [parked] = node.jobs("parked")
        assert parked.error_code == "RS-321"
        assert "takes none of what we offered: Basic Text SR, Comprehensive 3D SR" in str(parked.error_text)
        assert node.status(FIRST)["state"] == "failed"
        with node.ledger.read() as session:
            assert not form_for(session, peer_of(archive)).seen, "nothing wrong is remembered"
        archive.takes(ENHANCED, SECONDARY_CAPTURE)
        requeue_all(node)
        node.run()
        assert classes(archive) == {SECONDARY_CAPTURE: 3, ENHANCED: 1}
        assert node.status(FIRST)["state"] == "delivered"
        assert node.status(FIRST)["reasons"] == []


def put_off(node: DrivenNode) -> list[tuple[str, str | None]]:
    """Deliveries that wait again, and why: an archive that did not answer in time, on a busy machine."""
    return [(job.kind, job.error_text) for job in node.jobs("waiting") if job.kind in ("report", "deliver")]


def requeue_all(node: DrivenNode) -> None:
    with node.ledger.write() as session:
        requeue(session, "dr who", parked=True)


def test_a_richer_form_is_noticed_when_it_is_taken_later(node: DrivenNode, tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive", ENHANCED, SECONDARY_CAPTURE) as archive:
        node.set_peers(peer_of(archive))
        for uid in (FIRST, SECOND):
            node.score(uid, seed=int(uid[-1]))
            node.run()
            archive.takes(ENHANCED, COMPREHENSIVE, SECONDARY_CAPTURE)
        node.score("1.2.3.3", seed=3)
        node.run()
        reports = [str(d.SOPClassUID) for d in archive.kept() if d.Modality == "SR"]
        assert reports == [ENHANCED, ENHANCED, COMPREHENSIVE]


def test_a_named_form_is_where_the_ladder_starts_and_other_settings_begin_anew(
    node: DrivenNode, tmp_path: Path
) -> None:
    with StoreScp(tmp_path / "archive", *SOP_CLASS_OF_FORM.values(), SECONDARY_CAPTURE) as archive:
        peer = peer_of(archive, sr_sop_class="enhanced")
        node.set_peers(peer)
        node.score(FIRST)
        node.run()
        assert [str(d.SOPClassUID) for d in archive.kept() if d.Modality == "SR"] == [ENHANCED]
        with node.ledger.read() as session:
            assert form_for(session, peer).reason == "wanted, and ARCHIVE takes it"
            for other in (replace(peer, sr_sop_class=None), replace(peer, port=1), replace(peer, ae_title="OTHER")):
                assert not form_for(session, other).seen


def test_a_report_that_waits_in_a_form_no_longer_wanted_is_written_anew(node: DrivenNode, tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive", *SOP_CLASS_OF_FORM.values(), SECONDARY_CAPTURE) as archive:
        node.set_peers(peer_of(archive))
        node.score(FIRST)
        node.run("report")
        node.set_peers(peer_of(archive, sr_sop_class="basic_text"))
        node.run()
        assert classes(archive) == {SECONDARY_CAPTURE: 3, BASIC_TEXT: 1}
        assert ("report", "comprehensive3d", "replaced") in node.deliveries("pacs")


def test_a_form_that_comes_and_goes_ends_well(node: DrivenNode, tmp_path: Path) -> None:
    """Given an archive that changes its mind each time; then each time the other form is asked for, and none lost."""
    with StoreScp(tmp_path / "archive", ENHANCED) as archive:  # no pictures: the job stays a person's
        node.set_peers(peer_of(archive, sr_sop_class="comprehensive"))
        node.score(FIRST)
        node.run("report")
        for taken in (ENHANCED, COMPREHENSIVE, ENHANCED):
            archive.takes(taken)
            for kind in ("deliver", "report"):
                node.run(kind)
                archive.takes(BASIC_TEXT) if kind == "report" else None
            requeue_all(node)
        archive.takes(COMPREHENSIVE, SECONDARY_CAPTURE)
        requeue_all(node)
        node.run()
        assert node.status(FIRST)["state"] == "delivered"
        assert classes(archive)[SECONDARY_CAPTURE] == 3
        assert {state for *_, state in node.deliveries("pacs")} <= {"sent", "replaced"}


def test_two_archives_with_other_forms_share_the_pictures(node: DrivenNode, tmp_path: Path) -> None:
    rich, poor = tmp_path / "rich", tmp_path / "poor"
    with StoreScp(rich, COMPREHENSIVE, SECONDARY_CAPTURE) as one, StoreScp(poor, ENHANCED, SECONDARY_CAPTURE) as other:
        node.set_peers(peer_of(one, "rich"), peer_of(other, "poor"))
        node.score(FIRST)
        node.run()
        assert not put_off(node)
        pictures = [{str(d.SOPInstanceUID) for d in a.kept() if d.Modality == "OT"} for a in (one, other)]
        assert pictures[0] == pictures[1] and len(pictures[0]) == 3
        reports = [[d for d in a.kept() if d.Modality == "SR"] for a in (one, other)]
        assert [str(r[0].SOPClassUID) for r in reports] == [COMPREHENSIVE, ENHANCED]
        assert reports[0][0].SOPInstanceUID != reports[1][0].SOPInstanceUID
        places = {p["destination"]: p["form"] for p in node.status(FIRST)["destinations"]}
        assert places == {"rich": "comprehensive", "poor": "enhanced"}


def test_reports_without_pictures_go_and_the_pictures_call_a_person(node: DrivenNode, tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive", COMPREHENSIVE) as archive:
        node.set_peers(peer_of(archive))
        node.score(FIRST)
        node.run()
        assert classes(archive) == {COMPREHENSIVE: 1}
        assert not put_off(node)
        assert "did not accept Secondary Capture" in str(node.jobs("parked")[0].error_text)


def test_echo_shows_what_an_archive_takes(tmp_path: Path) -> None:
    with StoreScp(tmp_path / "archive", ENHANCED, BASIC_TEXT, SECONDARY_CAPTURE) as archive:
        for wanted, forms in ((None, ("enhanced", "basic_text", "pictures")), ("pictures", ("pictures",))):
            peer = peer_of(archive, sr_sop_class=wanted)
            answer = echo(peer, "RHEUMASCORE", kinds_of_rungs(peer))
            assert answer.alive and forms_among(peer, answer.accepted) == forms
        archive.takes()
        answer = echo(peer, "RHEUMASCORE", kinds_of_rungs(peer))
        assert answer.alive and forms_among(peer, answer.accepted) == ()


def test_further_objects_go_only_where_they_are_asked_for(node: DrivenNode, tmp_path: Path) -> None:
    """Given three archives of one form with other wishes; then each gets what it asked for, and a Key Object Selection
    that names exactly what lies beside it."""
    everything = (*SOP_CLASS_OF_FORM.values(), SECONDARY_CAPTURE, MULTIFRAME_TRUE_COLOUR, KEY_OBJECT)
    wishes = {"none": (), "selection": ("key_object",), "both": ("multiframe", "key_object")}
    with ExitStack() as running:
        archives = {name: running.enter_context(StoreScp(tmp_path / name, *everything)) for name in wishes}
        node.set_peers(*(peer_of(archives[name], name, extras=extras) for name, extras in wishes.items()))
        node.score(FIRST)
        node.run()
        kept = {name: archive.kept() for name, archive in archives.items()}
    assert [len(kept[name]) for name in wishes] == [4, 5, 7], "a multi-frame picture for each film"
    for name in ("selection", "both"):
        uids = {str(d.SOPInstanceUID) for d in kept[name] if d.SOPClassUID != KEY_OBJECT}
        [selection] = [d for d in kept[name] if d.SOPClassUID == KEY_OBJECT]
        [study] = selection.CurrentRequestedProcedureEvidenceSequence
        instances = [i for series in study.ReferencedSeriesSequence for i in series.ReferencedSOPSequence]
        assert {str(i.ReferencedSOPInstanceUID) for i in instances} == uids
    assert node.status(FIRST)["state"] == "delivered"
