"""The command as a stranger's shell sees it: verbs, exit codes, one line with the remedy, JSON."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from typer.main import get_command
from typer.testing import CliRunner

from scoring.cli import build_app
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from sr_templates.report_as_text import report_as_text

VERBS = {
    *("demo", "run", "listen", "worker", "web", "send", "echo", "status", "requeue", "route", "score", "wrap"),
    *("systems", "phantom", "train", "evaluate", "card", "config", "doctor", "withdraw", "audit"),
}


def rheumascore(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scoring.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


def test_help_lists_every_promised_verb() -> None:
    said = rheumascore("--help").stdout
    assert [verb for verb in VERBS if f" {verb} " not in said] == []


@pytest.mark.parametrize("verb", ["run", "score", "train", "config"])
def test_help_of_a_verb_loads_neither_torch_nor_the_network(verb: str) -> None:
    program = (
        "import sys; from scoring.cli import build_app\n"
        f"try: build_app()(['{verb}', '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "sys.stderr.write(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "monai", "pynetdicom", "sqlalchemy", "celery", "numpy"} & set(done.stderr.split())


def test_every_verb_helps_and_its_brackets_are_shown() -> None:
    """The painter of the help takes a word in brackets for an order to itself."""
    verbs = list(every_verb(get_command(build_app()), ()))
    said = {verb: CliRunner().invoke(build_app(), [*verb, "--help"]) for verb in verbs}
    assert [verb for verb, done in said.items() if done.exit_code] == []
    shown = {("retention",): "[retention]", ("alerts", "test"): "[alerts]", ("wrap",): "[/TIMEPOINT]"}
    assert [verb for verb, words in shown.items() if words not in said[verb].stdout] == []


def every_verb(command: object, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A command and all below it, by their words."""
    yield above
    for word, verb in getattr(command, "commands", {}).items():
        yield from every_verb(verb, (*above, word))


def test_a_wrong_call_is_2_and_a_wrong_setting_is_1_with_its_remedy(tmp_path: Path) -> None:
    assert rheumascore("fly").returncode == 2
    (tmp_path / "node.toml").write_text("[node]\nprot = 1\n", encoding="utf-8")
    done = rheumascore("config", "check", tmp_path / "node.toml")
    assert done.returncode == 1
    assert "node.prot: no such key; allowed: ae_title" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_is_right(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text(rheumascore("config", "example").stdout, encoding="utf-8")
    done = rheumascore("config", "check", path)
    assert (done.returncode, "is right" in done.stdout) == (0, True)


def test_systems_answers_with_weights_and_statement() -> None:
    systems = json.loads(rheumascore("systems", "--json").stdout)
    assert [system["key"] for system in systems] == ["hand_joints", "nailfold", "svdh_hands"]
    for system in systems:
        assert "research use only" in system["statement"]
        assert all(len(weight["sha256"]) == 64 for weight in system["weights"])
    assert "Sharp" in rheumascore("systems", "hand_joints").stdout


def test_route_is_dry_and_says_which_attribute_decided(tmp_path: Path) -> None:
    hand = draw_hand(3, side="R")
    dataset = hand_dataset(hand.pixels, hand.spacing_mm, "R", 3)
    dataset.save_as(tmp_path / "hand.dcm", enforce_file_format=True)
    dataset.Modality = "MG"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.save_as(tmp_path / "breast.dcm", enforce_file_format=True)
    (tmp_path / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    done = rheumascore("route", tmp_path, "--json")
    rows = {Path(row["file"]).name: row for row in json.loads(done.stdout)}
    assert done.returncode == 1, "one file is not DICOM"
    assert rows["hand.dcm"]["scored"] is True
    assert (rows["breast.dcm"]["scored"], rows["breast.dcm"]["attribute"]) == (False, "modality")
    assert rows["letter.txt"]["rule"] == "not_dicom"


def test_a_broken_picture_is_a_fault_of_that_file_only(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 half a picture")
    (tmp_path / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    done = rheumascore("score", tmp_path, "--out", tmp_path / "out", "--json")
    assert done.returncode == 1, "nothing was scored"
    said = {row["study"]: row["score"] for row in json.loads(done.stdout)}
    assert "no whole JPEG or PNG" in said["broken.jpg"]
    assert "not DICOM" in said["letter.txt"]


def test_two_visits_in_one_call_are_reports_that_refer_to_each_other(tmp_path: Path) -> None:
    """Given two visits of one patient, the later one first; then the later report names the earlier one, each report
    lies there as a readable tree too, and form and further objects are those asked for."""
    for date in ("20250110", "20240110"):
        hand = draw_hand(8, side="R", spacing_mm=0.5)
        dataset = hand_dataset(hand.pixels, hand.spacing_mm, "R", 8, study_date=date, patient_id="VISITS")
        dataset.StudyInstanceUID = f"1.2.3.{date}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{date}.1"
        dataset.save_as(tmp_path / f"{date}.dcm", enforce_file_format=True)
    out = tmp_path / "out"
    done = rheumascore(
        "score", tmp_path, "--system", "hand_joints", "--out", out, "--form", "enhanced", "--extras", "multiframe",
        "--extras", "pdf", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reports = {str(d.StudyDate): d for d in map(dcmread, out.glob("*.sr.dcm"))}
    assert {str(d.SOPClassUID) for d in reports.values()} == {"1.2.840.10008.5.1.4.1.1.88.22"}
    trees = {p.name: p.read_text(encoding="utf-8") for p in out.glob("*.sr.txt")}
    assert set(trees.values()) == {report_as_text(d) for d in reports.values()}
    first = str(reports["20240110"].SOPInstanceUID)
    assert first in report_as_text(reports["20250110"])
    assert "PertinentOtherEvidenceSequence" not in reports["20240110"]
    assert len(list(out.glob("*.frames.sc.dcm"))) >= 2
    assert len(list(out.glob("*.pdf.dcm"))) == 2, "further objects may be asked for one by one"
    with (out / "scores.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "scored"]
    assert {row["study"] for row in rows} == {"1.2.3.20240110", "1.2.3.20250110"}
    assert {row["item"] for row in rows} >= {"erosion", "narrowing", "svdh.all.R"}
    whole = [row for row in rows if row["assessed"] == row["planned"]]
    assert len(whole) == 2 * (31 + 3), "both of one hand: its sums over both hands are not whole"
    assert all(float(row["lower"]) <= float(row["grade"]) <= float(row["upper"]) for row in whole)
    assert not any(row["lower"] or row["upper"] for row in rows if row not in whole)
    wrong = rheumascore("score", tmp_path, "--out", out, "--extras", "pdf,gsps")
    assert (wrong.returncode, "gsps" in wrong.stderr) == (2, True)


def test_doctor_loads_what_scoring_needs(tmp_path: Path) -> None:
    findings = {f["about"]: f for f in json.loads(rheumascore("doctor", "--json", cwd=tmp_path).stdout)}
    assert findings["torch"]["verdict"] == "well"
    assert "torchvision" in findings["torch"]["text"]
    assert "hashes as listed" in findings["weights hand_joints"]["text"]


def test_phantoms_come_with_their_truth(tmp_path: Path) -> None:
    assert rheumascore("phantom", "hand", "-n", "2", "--seed", "5", "--out", tmp_path, "--dicom").returncode == 0
    with (tmp_path / "truth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["image"] for row in rows}) == 2
    assert len(rows) == 2 * 31


def test_status_of_an_empty_node_is_a_friendly_line(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text("", encoding="utf-8")
    done = rheumascore("status", "--config", config)
    assert (done.returncode, done.stdout.strip()) == (0, "No study has arrived yet.")
    assert rheumascore("status", "--study", "1.2.3", "--config", config).returncode == 1


def test_a_peer_that_does_not_answer_is_a_line_not_a_traceback(tmp_path: Path) -> None:
    done = rheumascore("echo", "127.0.0.1:9:NOBODY", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:9" in done.stdout


def test_a_port_in_use_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = tmp_path / "node.toml"
        config.write_text(f"[node]\nport = {port}\n", encoding="utf-8")
        done = rheumascore("listen", "--config", config)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("RS-302: ")
    assert str(port) in done.stderr
