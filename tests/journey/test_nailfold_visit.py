"""Sixteen phone pictures of a patient's nailfolds go in by ``wrap`` and ``send``, and through the upload page in a
browser; the same report comes back to the PACS either way."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from matplotlib import cbook
from pydicom import dcmread

from scoring.catalogue import find_spec
from scoring.phantoms.nailfold.write_nailfolds import PICTURES_OF_A_PATIENT, write_nailfold_phantoms
from scoring.quality import NON_DIAGNOSTIC
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from sr_templates.read_back import read_back
from tests.foreign_programs.chromium import Chromium
from tests.foreign_programs.dcmtk import dsrdump
from tests.foreign_programs.programs import free_port, wait_until
from tests.journey.running_node import NODE_TITLE, RunningNode
from tests.journey.test_a_study_comes_back import judge, returned

NO_NAILFOLDS = sorted(Path(__file__).parents[1].glob("scoring/capillaroscopy/no_nailfolds/*.jpg"))


@dataclass(frozen=True)
class Visit:
    """What was sent, what became of it, and what the PACS then holds."""

    folder: Path
    status: dict[str, Any]
    report: Path
    pictures: tuple[Path, ...]

    @property
    def result(self) -> Any:
        return read_back(dcmread(self.report), find_spec("nailfold"))


def rheumascore(*arguments: str) -> str:
    command = [sys.executable, "-m", "scoring.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wrap_and_send(node: RunningNode, folder: Path, *wishes: str) -> Visit:
    """As a trial site does: pictures of a phone into DICOM, and to the node under the site's own AE title."""
    dicom, site = folder / "dicom", folder / "site.toml"
    photographs = [str(path) for path in sorted(folder.glob("*.jpg"))]
    rheumascore("wrap", *photographs, "--kind", "nailfold", "--patient-id", "P-16", "--out", str(dicom), *wishes)
    site.write_text(f'[node]\nae_title = "SENDER"\nport = {free_port()}\ndata_dir = "site"\n', encoding="utf-8")
    rheumascore("send", f"127.0.0.1:{node.port}:{NODE_TITLE}", str(dicom), "--config", str(site))
    uid = str(dcmread(next(dicom.glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID)
    return what_came_back(node, folder, uid)


def what_came_back(node: RunningNode, folder: Path, uid: str) -> Visit:
    node.wait_for(uid)
    status = node.wait_for_commitment(uid)
    [(_, report)] = returned(node, uid, "SR")
    return Visit(folder, status, report, tuple(path for _, path in returned(node, uid, "OT")))


def hand_in(browser: Chromium, node: RunningNode, folder: Path) -> str:
    """As a trial site without a workstation does, on the page whose address the node prints; its study's UID."""
    with (folder / "pictures.csv").open(encoding="utf-8") as file:
        drawn = sorted(csv.DictReader(file), key=lambda row: row["image"])  # the order in which ``wrap`` takes them
    [scale] = {row["um_per_px"] for row in drawn}
    browser.size(1400, 1000)
    browser.open(wait_until("the node prints the address", lambda: upload_address(node)))
    fill(browser, "patient_id", "P-17")
    fill(browser, "lens", "measured")
    fill(browser, "um_per_px", scale)
    strange_picture_is_told(browser)
    browser.choose_files("document.getElementById('files')", [folder / row["image"] for row in drawn])
    browser.wait_for("document.querySelectorAll('.picture.fit, .picture.again').length === 16", 180)
    fingers = {row["image"]: f"{row['side']} {row['finger']}" for row in drawn}
    browser.value(
        f"(fingers => document.querySelectorAll('.picture').forEach(card => {{ const s = card.querySelector('select');"
        " s.value = fingers[card.querySelector('.name').textContent]; s.dispatchEvent(new Event('change')); }))"
        f"({json.dumps(fingers)})"
    )
    browser.value("document.getElementById('send').click()")
    browser.wait_for("!document.getElementById('doubts').hidden")  # some pictures are too blurry
    browser.value("document.getElementById('send').click()")
    browser.wait_for("!document.getElementById('done').hidden", 180)
    return str(browser.value("document.getElementById('study').href")).rpartition("/")[2]


def strange_picture_is_told(browser: Chromium) -> None:
    """It shows no nailfold: its card says so at once, and is taken away again."""
    browser.choose_files("document.getElementById('files')", NO_NAILFOLDS[:1])
    browser.wait_for("document.querySelectorAll('.picture.again').length === 1", 120)
    assert "No nailfold in sight" in str(browser.value("document.querySelector('.picture.again').textContent"))
    browser.value("document.querySelector('.picture .remove').click()")
    browser.wait_for("document.querySelectorAll('.picture').length === 0")


def upload_address(node: RunningNode) -> str:
    found = re.search(r"http://\S+/upload\?token=\S+", node.log.read_text(encoding="utf-8"))
    return found[0] if found else ""


def fill(browser: Chromium, field: str, value: str) -> None:
    browser.value(
        f"(e => {{ e.value = {json.dumps(value)}; e.dispatchEvent(new Event('input', {{bubbles: true}}));"
        f" e.dispatchEvent(new Event('change', {{bubbles: true}})); }})(document.getElementById('{field}'))"
    )


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    running = RunningNode(folder)
    running.systems = ("nailfold",)
    running.more_peers = f'[upload]\non = true\n[trial]\nprotocol = "{folder / "trial.toml"}"\n'
    (folder / "trial.toml").write_text('name = "SSC-204"\n[nailfold]\nfingers = 8\npictures = 16\n', encoding="utf-8")
    with running:
        yield running


@pytest.fixture(scope="module")
def visit(node: RunningNode, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("visit")
    list(write_nailfold_phantoms(folder, 1, 11, columns=400))
    return wrap_and_send(node, folder, "--fingers", str(folder / "pictures.csv"))


def test_one_report_of_all_fingers_lies_in_the_pacs(visit: Visit) -> None:
    result = visit.result
    assert visit.status["state"] == "delivered", visit.status
    assert result.not_evaluable is None
    numbers = Counter((item.side, item.site) for item in result.items if item.item == "too_blurry")
    assert numbers == {(side, finger): 2 for side in "RL" for finger in ("INDEX", "MIDDLE", "RING", "LITTLE")}
    fingers = next(total for total in result.totals if total.key == "fingers")
    assert (fingers.grade, fingers.planned) == (8, 8)
    category = next(total for total in result.totals if total.key == "fast_track")
    assert category.grade in (1, 2) and category.rule is not None, "the pictures say their scale"
    assert any(note.startswith("Fast track, from measurements") for note in result.notes)


def test_a_visit_below_the_minimum_of_the_trial_s_protocol_is_not_diagnostic_and_names_it(
    visit: Visit, node: RunningNode
) -> None:
    """Some of its sixteen pictures are too blurry, and the protocol asks for sixteen that are not."""
    protocol = visit.result.protocol
    digest = hashlib.sha256((node.folder / "trial.toml").read_bytes()).hexdigest()
    assert (protocol.name, protocol.sha256) == ("SSC-204", digest)
    assert visit.result.quality == NON_DIAGNOSTIC
    assert visit.result.notes[0].startswith("Not diagnostic as a visit: 8 fingers and ")
    assert visit.result.notes[0].endswith("the protocol 'SSC-204' asks for at least 8 fingers and 16 pictures.")
    [kept] = [entry for entry in visit.status["timeline"] if entry["event"] == "result_kept"]
    assert kept["detail"]["protocol"] == {"SSC-204": digest}


def test_what_it_says_is_what_was_drawn(visit: Visit) -> None:
    """Upright, in the right colours, each under its own finger: whatever went wrong on the way would show here."""
    with (visit.folder / "truth.csv").open(encoding="utf-8") as file:
        drawn = [row for row in csv.DictReader(file) if row["value"]]
    places = {row["image"]: (row["side"], row["site"], int(Path(row["image"]).stem[-1])) for row in drawn}
    said = {(i.side, i.site, i.picture, i.item): i.grade for i in visit.result.items if i.status == "scored"}
    right = [said.get((*places[row["image"]], row["item"])) == int(float(row["value"])) for row in drawn]
    assert sum(right) / len(right) > 0.85
    assert {item for *_, item in said} >= set(NAILFOLD_LABELS)


def test_the_upload_page_brings_the_same_report(visit: Visit, node: RunningNode, chromium: Chromium) -> None:
    handed_in = what_came_back(node, visit.folder, hand_in(chromium, node, visit.folder))
    assert handed_in.status["state"] == "delivered", handed_in.status
    assert readings(handed_in) == readings(visit)
    assert len(handed_in.pictures) == len(visit.pictures)
    assert chromium.complaints == []


def readings(visit: Visit) -> dict[str, Any]:
    """Every grade, total and note of the report: all that does not name an instance."""
    result = visit.result
    grades = {item.key: (item.status, item.value, item.grade, item.interval) for item in result.items}
    sums = {total.key: (total.value, total.grade, total.assessed, total.rule) for total in result.totals}
    return {"grades": grades, "sums": sums, "notes": result.notes, "quality": result.quality}


def test_its_pictures_come_with_it_and_judges_find_no_error(visit: Visit) -> None:
    judged = {i.image for i in visit.result.items if i.item == "giant" and i.status == "scored"}
    assert len(visit.pictures) == len(judged) + 2, "one of each picture that was read, the page of all, the report page"
    assert len(judged) < PICTURES_OF_A_PATIENT, "some of the pictures are too blurry"
    assert [judge(path) for path in (visit.report, *visit.pictures[:2])] == [[], [], []]
    assert dsrdump(visit.report).returncode == 0


def test_nothing_of_the_phone_is_in_what_came_back(visit: Visit) -> None:
    everything = b"".join(path.read_bytes() for path in (visit.report, *visit.pictures))
    assert b"PHANTOM OWNER" not in everything


def test_photographs_of_something_else_are_not_evaluable_and_say_so(node: RunningNode, tmp_path: Path) -> None:
    """Real ones: lesions, skin from above, and the portrait that matplotlib brings along."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        (tmp_path / "portrait.jpg").write_bytes(file.read())
    for path in NO_NAILFOLDS:
        shutil.copy(path, tmp_path)
    strange = wrap_and_send(node, tmp_path, "--finger", "ring", "--side", "R")
    assert strange.status["state"] == "not_evaluable", strange.status
    said = strange.result.not_evaluable
    assert said is not None and said.reason == find_spec("nailfold").reasons["no_nailfold"]
    assert f"None of {1 + len(NO_NAILFOLDS)} pictures shows a nailfold" in said.explanation
    assert "put the lens on the skin just behind the nail" in said.explanation
