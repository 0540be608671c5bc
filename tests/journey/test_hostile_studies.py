"""A whole node beside an archive that sends everything back, and studies made to break it (P13, P15, D12, D17).

The archive is a real Orthanc with a rule that forwards whatever it stores to the node: what we write comes back at
once, in every form. The loop must end there. Bombs of pixels and the malformed corpus go to the same node, and it must
go on scoring with the very processes that it started with.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1, RLELossless, generate_uid
from sqlalchemy import func, select

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow, JobRow, ObjectRow, ResultRow, TimelineRow
from dicom_node.receiving.part10_head import read_part10_head
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import wait_until
from tests.hazards.malformed_files import malformed_files
from tests.journey.running_node import RunningNode

pytestmark = pytest.mark.timeout(600)
README = Path(__file__).parents[2] / "README.md"
[FORWARD_EVERYTHING] = re.findall(r"`(function OnStoredInstance.*?)`", README.read_text(encoding="utf-8"))
"""What the README tells the people of an Orthanc to write."""
FORMS = ("basic_text", "enhanced", "comprehensive3d", "pictures")
EVERY_EXTRA = 'extras = ["multiframe", "segmentation", "pdf", "key_object"]'
WATCHED = Path(__file__).parent / "watched_python"
RUN_AT_IMPORT = {
    "alembic", "ast", "celery", "collections", "dataclasses", "enum", "fastapi", "highdicom", "inspect", "kombu",
    "mako", "monai", "mpmath", "multiprocessing", "numpy", "psycopg", "pydantic", "pydantic_core", "reportlab",
    "scipy", "six", "sqlalchemy", "sympy", "timm", "torch", "typing", "typing_extensions", "typing_inspection",
    "uvicorn", "vine",
}  # fmt: skip
"""Libraries that make classes, wrappers or templates of their own source. None of it is text of a data set."""
OURS = {"scoring", "sr_templates", "dicom_node", "core_lab", "__main__"}
AT_REST = {"delivered", "not_evaluable", "no_system", "failed", "held"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """It sends every form and every extra to the archive, under several names, and gets all of it back."""
    folder = tmp_path_factory.mktemp("hostile")
    rule = folder / "forward.lua"
    rule.write_text(FORWARD_EVERYTHING)
    running = RunningNode(folder)
    port = running.orthanc.dicom_port
    running.orthanc = Orthanc(
        folder / "orthanc",
        modalities={"rheumascore": ("RHEUMASCORE", "127.0.0.1", running.port)},
        LuaScripts=[str(rule)],
        DicomPort=port,
    )
    running.orthanc.dicom_port = port
    running.more_of_pacs = EVERY_EXTRA
    running.environment = {"PYTHONPATH": str(WATCHED), "WATCHED_PYTHON": str(folder / "watched")}
    running.more_peers = "".join(
        f'[[peers]]\nname = "{form}"\nae_title = "ORTHANC"\nhost = "127.0.0.1"\nport = {port}\n'
        f'receives_results = true\nsr_sop_class = "{form}"\nstorage_commitment = false\n'
        for form in FORMS
    )
    with running:
        yield running


@pytest.fixture(scope="module")
def processes(node: RunningNode) -> set[int]:
    """The parts of the node as they were started."""
    return parts_of(node)


def parts_of(node: RunningNode) -> set[int]:
    assert node.process is not None
    return {child.pid for child in psutil.Process(node.process.pid).children()}


@pytest.fixture
def ledger(node: RunningNode) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{node.folder / 'data' / 'ledger.sqlite3'}")
    yield opened
    opened.close()


def marked_hand(seed: int, folder: Path) -> tuple[str, Path]:
    """A hand of its own study, and its file."""
    hand = draw_hand(seed, side="L")
    ds = hand_dataset(hand.pixels, hand.spacing_mm, "L", seed, study_instance_uid=str(generate_uid()))
    path = folder / f"{seed}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return str(ds.StudyInstanceUID), path


def test_p15_what_comes_back_is_kept_and_never_scored(
    node: RunningNode, processes: set[int], ledger: Ledger, tmp_path: Path
) -> None:
    uid, path = marked_hand(4700, tmp_path)
    node.orthanc.upload(path)  # the archive's own rule sends it to the node, and all that the node writes
    status = node.wait_for(uid, 150)
    assert status["state"] == "delivered", status

    def written_and_back() -> tuple[set[str], set[str]]:
        with ledger.read() as session:
            written = set(session.scalars(select(ObjectRow.sop_instance_uid)))
            query = select(InstanceRow.sop_instance_uid).where(InstanceRow.sop_instance_uid.in_(written))
            return written, set(session.scalars(query))

    def all_came_back() -> bool:
        written, back = written_and_back()
        return len(written) >= 9 and written == back

    wait_until("everything that was written came back", all_came_back, 90)
    wait_until("nothing is left to do", lambda: not unfinished(ledger), 90)
    with ledger.read() as session:
        jobs = Counter(session.scalars(select(JobRow.kind).where(JobRow.study_instance_uid == uid)))
        assert jobs["score"] == 1
        assert session.scalar(select(func.count()).select_from(ResultRow)) == 1
        rounds = session.scalars(select(TimelineRow.event).where(TimelineRow.event == "complete")).all()
        assert len(rounds) == 1, "no round was opened again"
        classes = set(session.scalars(select(ObjectRow.sop_class_uid)))
    assert len(classes) >= 7, "reports of three classes, captures, segmentation, document, selection"
    assert parts_of(node) == processes


def unfinished(ledger: Ledger) -> list[str]:
    """Jobs that wait or are worked on."""
    with ledger.read() as session:
        return list(session.scalars(select(JobRow.id).where(JobRow.state.in_(("waiting", "leased")))))


def bombs() -> dict[str, Dataset]:
    """Small files that cost what decodes them much, or its life."""
    jpeg_head = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 11, 8, 65500, 65500, 1) + b"\x01\x11\x00"
    jpeg2000 = b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIIIH", 41, 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1)
    lossless = b"\xff\xd8\xff\xc3" + struct.pack(">HBHHB", 11, 16, 65500, 65500, 1) + b"\x01\x11\x00"
    runs = struct.pack("<16L", 1, 64, *[0] * 14) + b"\x81\x00" * 100_000
    frames = {
        "a JPEG of 65,500 x 65,500": (JPEGBaseline8Bit, jpeg_head + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 9),
        "a JPEG 2000 of 60,000 x 60,000": (JPEG2000Lossless, jpeg2000 + b"\x07\x01\x01" + bytes(100)),
        "a lossless JPEG of 65,500 x 65,500": (JPEGLosslessSV1, lossless + b"\xff\xda" + bytes(100)),
        "runs without end": (RLELossless, runs),
        "no picture": (JPEGBaseline8Bit, b"\xff\xd8 nothing \xff\xd9"),
    }
    made = {}
    for number, (what, (syntax, frame)) in enumerate(frames.items()):
        ds = small_hand(4720 + number)
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([frame])
        ds["PixelData"].VR = "OB"
        made[what] = ds
    claim = small_hand(4730)
    claim.Rows = claim.Columns = 65_535
    made["a header of 65,535 x 65,535"] = claim
    return made


def small_hand(seed: int) -> Dataset:
    hand = draw_hand(4711, side="L")
    return hand_dataset(hand.pixels, hand.spacing_mm, "L", seed, study_instance_uid=str(generate_uid()))


def test_p13_bombs_are_not_evaluable_and_nothing_dies(node: RunningNode, processes: set[int], tmp_path: Path) -> None:
    uids = {}
    for number, (what, ds) in enumerate(bombs().items()):
        path = tmp_path / f"{number}.dcm"
        ds.save_as(path, enforce_file_format=True)
        uids[what] = str(ds.StudyInstanceUID)
        node.orthanc.upload(path)
    for what, uid in uids.items():
        status = node.wait_for(uid, 150)
        [reason] = [r for r in status["reasons"] if r["system"] == "hand_joints"]
        assert (status["state"], reason["code"]) == ("not_evaluable", "NE-UNREADABLE"), what
        assert status["results"][0]["deliveries"], "a report says so"
    assert parts_of(node) == processes


def test_the_malformed_corpus_gets_one_answer_each(node: RunningNode, processes: set[int], tmp_path: Path) -> None:
    """One status for each data set; what was taken comes to rest with a reason; afterwards a hand is scored."""
    answers: Counter[str] = Counter()
    for name, content in sorted(malformed_files().items()):
        answers[answer_to(node, name, content, tmp_path)] += 1
    assert sum(answers.values()) == 150
    assert set(answers) <= {"0x0000", "0xC000", "0xA900", "0x0117", "0x0122", "no data set"}, answers
    assert answers["0x0000"] > 50

    def unsettled() -> list[dict[str, Any]]:
        statuses = json.loads(node.verb("status", "--json").stdout)
        return [s for s in statuses if s["state"] not in AT_REST]

    wait_until("every study of the corpus comes to rest", lambda: not unsettled(), 180)
    uid, path = marked_hand(4790, tmp_path)
    node.orthanc.upload(path)
    assert node.wait_for(uid, 150)["state"] == "delivered"
    assert parts_of(node) == processes


def test_no_process_ran_unpickled_or_started_anything_else(node: RunningNode, processes: set[int]) -> None:
    """Python's own audit events of every process, after all of the above (``watched_python/sitecustomize.py``)."""
    lines = {tuple(line.split("\t")) for line in (node.folder / "watched").read_text().splitlines()}
    events = {event for event, _, _ in lines}
    assert {"exec", "subprocess.Popen"} <= events, "it was watched"
    assert events <= {"exec", "compile", "subprocess.Popen"}, "nothing was unpickled, no shell was started"
    ran = {(caller.split(".")[0], function) for event, caller, function in lines if event != "subprocess.Popen"}
    assert {package for package, _ in ran if package not in OURS} <= RUN_AT_IMPORT
    # Compiled libraries compile a line of their own while they are imported; imagecodecs imports a codec at first use.
    assert {function for package, function in ran if package in OURS} <= {"<module>", "_decode_frame"}
    python = f"{sys.executable} "
    for program in (words for event, _, words in lines if event == "subprocess.Popen"):
        assert program.startswith(python) and "-m scoring." in program, program


def answer_to(node: RunningNode, name: str, content: bytes, folder: Path) -> str:
    """What the node answers to the data set of a file, sent with the names that its bytes hold."""
    path = folder / Path(name).name
    path.write_bytes(content)
    with path.open("rb") as file:
        try:
            head = read_part10_head(file)
        except Exception:  # no head: there is nothing that a sender would send
            return "no data set"
    data_set = content[head.data_set_offset :]
    sop_class, instance = uid_of(data_set, 0x0016), uid_of(data_set, 0x0018)
    with RawSender(node.port) as sender:
        if sender.associate((sop_class or "1.2.840.10008.5.1.4.1.1.1", (head.transfer_syntax_uid,))).kind != AC:
            return "no data set"
        if sender.results.get(1, (3, ""))[0] != 0:
            return "no data set"
        return f"0x{sender.store(sop_class, instance, data_set).status:04X}"


def uid_of(data_set: bytes, element: int) -> str:
    """The first UID of this element of group 0008, as its bytes stand there."""
    at = data_set.find(struct.pack("<HH2s", 8, element, b"UI"))
    if at < 0:
        return ""
    length = int.from_bytes(data_set[at + 6 : at + 8], "little")
    return data_set[at + 8 : at + 8 + length].decode("ascii", "replace").strip("\0 ")
