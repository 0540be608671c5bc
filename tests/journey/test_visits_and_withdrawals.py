"""Two archives with other wishes, two visits of one patient, and a report that is taken back while the node runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import ObjectRow
from scoring.phantoms.write_phantoms import write_hand_pair
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from sr_templates.report_as_text import report_as_text
from tests.foreign_programs.dcmtk import findscu
from tests.foreign_programs.storescp import StoreScp
from tests.journey.running_node import RunningNode

KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
EXTRAS = {
    "multiframe": "1.2.840.10008.5.1.4.1.1.7.4",
    "segmentation": "1.2.840.10008.5.1.4.1.1.66.4",
    "pdf": "1.2.840.10008.5.1.4.1.1.104.1",
    "key_object": KEY_OBJECT,
}
REASON = "Left and right were exchanged at the modality."


@dataclass(frozen=True)
class TwoVisits:
    """Two studies of one patient, scored; the archive takes Enhanced SR, pictures and nothing else."""

    archive: StoreScp
    studies: tuple[str, str]
    statuses: tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def visits(node: RunningNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoVisits]:
    folder = tmp_path_factory.mktemp("visits")
    with StoreScp(folder / "archive", SOP_CLASS_OF_FORM["enhanced"], SECONDARY_CAPTURE) as archive:
        node.more_of_pacs = f"""extras = {json.dumps(list(EXTRAS))}
picture_transfer_syntax = "jpeg2000_lossless\""""
        node.more_peers = f"""[[peers]]
name = "archive"
ae_title = "ARCHIVE"
host = "127.0.0.1"
port = {archive.port}
receives_results = true
"""
        node.restart()
        studies, statuses = [], []
        for seed, date in ((4700, "20240110"), (4701, "20250110")):
            pair = write_hand_pair(folder / date, seed)
            for path in pair.files:
                of_the_visit(path, date)
            node.send_through_orthanc(*pair.files)
            studies.append(pair.study_instance_uid)
            statuses.append(node.wait_for(pair.study_instance_uid))
        yield TwoVisits(archive, (studies[0], studies[1]), (statuses[0], statuses[1]))
        node.more_of_pacs = node.more_peers = ""
        node.restart()


def of_the_visit(path: Path, date: str) -> None:
    """The same patient at another date."""
    dataset = dcmread(path)
    dataset.PatientID, dataset.StudyDate = "VISITS-1", date
    dataset.save_as(path)


def in_orthanc(node: RunningNode, uid: str) -> list[Dataset]:
    found = node.orthanc.find("Instance", StudyInstanceUID=uid)
    every = [dcmread(BytesIO(node.orthanc.file(instance["ID"]))) for instance in found]
    return [d for d in every if d.Modality != "CR"]


def in_archive(visits: TwoVisits, uid: str) -> list[Dataset]:
    return [d for d in visits.archive.kept() if d.StudyInstanceUID == uid]


def reports(datasets: Sequence[Dataset]) -> list[Dataset]:
    return [d for d in datasets if d.Modality == "SR"]


def test_each_archive_gets_the_form_it_takes_and_the_extras_it_asked_for(node: RunningNode, visits: TwoVisits) -> None:
    uid = visits.studies[0]
    assert visits.statuses[0]["state"] == "delivered", visits.statuses[0]
    classes = Counter(str(d.SOPClassUID) for d in in_orthanc(node, uid))
    assert classes[SOP_CLASS_OF_FORM["comprehensive3d"]] == 1 and classes[SECONDARY_CAPTURE] == 3
    assert {name for name, sop_class in EXTRAS.items() if classes[sop_class]} == set(EXTRAS)
    plain = Counter(str(d.SOPClassUID) for d in in_archive(visits, uid))
    assert plain == {SOP_CLASS_OF_FORM["enhanced"]: 1, SECONDARY_CAPTURE: 3}
    places = {p["destination"]: (p["form"], p["reason"]) for p in visits.statuses[0]["destinations"]}
    assert places == {
        "pacs": ("comprehensive3d", "wanted, and ORTHANC takes it"),
        "archive": ("enhanced", "richest that ARCHIVE takes; wanted comprehensive3d"),
    }
    told = node.verb("status").stdout
    assert "archive gets enhanced: richest that ARCHIVE takes; wanted comprehensive3d" in told
    said = node.verb("echo", "archive").stdout
    assert "takes enhanced, pictures" in said


def test_pictures_arrive_in_jpeg_2000_where_it_was_asked_for_and_decode_equal(
    node: RunningNode, visits: TwoVisits
) -> None:
    pictures = {str(d.SOPInstanceUID): d for d in in_archive(visits, visits.studies[0]) if d.Modality == "OT"}
    compressed = [d for d in in_orthanc(node, visits.studies[0]) if d.SOPClassUID == SECONDARY_CAPTURE]
    assert len(compressed) == 3
    for picture in compressed:
        plain = pictures[str(picture.SOPInstanceUID)]
        assert picture.file_meta.TransferSyntaxUID == JPEG2000Lossless
        assert plain.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert np.array_equal(picture.pixel_array, plain.pixel_array)


def test_the_follow_up_refers_to_the_report_of_the_first_visit(node: RunningNode, visits: TwoVisits) -> None:
    first, second = visits.studies
    for kept in (in_orthanc(node, first) + in_orthanc(node, second), visits.archive.kept()):
        [baseline] = [d for d in reports(kept) if d.StudyInstanceUID == first]
        [later] = [d for d in reports(kept) if d.StudyInstanceUID == second]
        referred = str(baseline.SOPInstanceUID)
        evidence = later.PertinentOtherEvidenceSequence
        named = {str(i.ReferencedSOPInstanceUID) for s in evidence for r in s.ReferencedSeriesSequence
                 for i in r.ReferencedSOPSequence}  # fmt: skip
        assert referred in named
        assert referred in report_as_text(later)


def test_a_withdrawal_reaches_both_archives_while_the_node_runs(node: RunningNode, visits: TwoVisits) -> None:
    uid = visits.studies[0]
    wrong = {str(d.SOPInstanceUID) for d in in_orthanc(node, uid)}
    done = node.verb("withdraw", "--study", uid, "--reason", REASON, "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)[0]["told"]) == {"pacs", "archive"}
    status = node.wait_for(uid, not_in=("not_evaluable",))
    assert status["state"] == "delivered"
    assert [(r["code"], r["text"]) for r in status["reasons"]] == [("WITHDRAWN", REASON)]

    fresh = [d for d in in_orthanc(node, uid) if str(d.SOPInstanceUID) not in wrong]
    [successor] = reports(fresh)
    [predecessor] = successor.PredecessorDocumentsSequence
    replaced = {str(i.ReferencedSOPInstanceUID) for r in predecessor.ReferencedSeriesSequence
                for i in r.ReferencedSOPSequence}  # fmt: skip
    assert replaced <= wrong and replaced
    assert REASON in report_as_text(successor)
    [note] = [d for d in fresh if d.SOPClassUID == KEY_OBJECT and "eject" in report_as_text(d)]
    for found in (successor, note):
        keys = (f"StudyInstanceUID={uid}", f"SeriesInstanceUID={found.SeriesInstanceUID}", "SOPInstanceUID")
        answer = findscu(node.orthanc.dicom_port, "QueryRetrieveLevel=IMAGE", *keys)
        assert str(found.SOPInstanceUID) in answer.stdout + answer.stderr

    both = reports(in_archive(visits, uid))
    assert len(both) == 2, "the archive that takes no key objects has the report that says it"
    assert any("takes no rejection note" in e["text"] for e in status["timeline"])
    assert ("archive", "skipped") in {(d["destination"], d["state"]) for d in status["results"][0]["deliveries"]}

    again = node.verb("withdraw", "--study", uid, "--reason", REASON)
    assert (again.returncode, "withdrawn already" in again.stderr) == (1, True)
    assert node.verb("withdraw", "--study", uid, "--reason", " ").returncode == 2


def test_objects_in_the_archives_are_those_of_the_store(node: RunningNode, visits: TwoVisits) -> None:
    ledger, store = Ledger(f"sqlite:///{node.folder / 'data' / 'ledger.sqlite3'}"), ContentStore(node.folder / "data")
    with ledger.read() as session:
        for kept in visits.archive.kept():
            row = session.get_one(ObjectRow, str(kept.SOPInstanceUID))
            assert dcmread(BytesIO(store.read(row.content_sha256))) == kept
    ledger.close()
