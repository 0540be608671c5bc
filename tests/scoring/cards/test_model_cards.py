"""A card says what was measured on what, and is younger than its weights or says so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.cards.card_facts import gather_facts
from scoring.cards.card_freshness import check_card
from scoring.cards.reporting_items import FOR_THE_CENTRE, NOT_MEASURED, read_checklist
from scoring.cards.writing import card_texts, write_card_files
from scoring.catalogue import list_systems, open_recipe
from scoring.chosen_weights import with_weights_of
from scoring.errors import CardError, SpecError
from scoring.spec import SystemSpec
from tests.scoring.trained_run import MEASURED_ON, STATEMENT, write_evaluation, write_run


@pytest.fixture
def run(tmp_path: Path) -> SystemSpec:
    return write_run(tmp_path / "run")


def carded(spec: SystemSpec, tmp_path: Path) -> str:
    return write_card_files(spec, "", write_evaluation(spec, tmp_path / "report")).read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", list_systems(), ids=lambda spec: spec.key)
def test_the_packaged_cards_are_those_that_would_be_written_now(spec: SystemSpec) -> None:
    check_card(spec, spec.folder)
    facts = gather_facts(spec, open_recipe(spec.key).figures_in_words(spec.folder))
    for name, text in card_texts(facts).items():
        assert (spec.folder / name).read_text(encoding="utf-8") == text, f"rheumascore card {spec.key}"


def test_a_card_is_written_from_the_evaluation(run: SystemSpec, tmp_path: Path) -> None:
    card = carded(run, tmp_path)
    # then: which weights, what they are for and not for, and each figure below the data that it is of
    assert f"> **{STATEMENT}**" in card
    assert "**Not for:** diagnosis" in card and "No person with arthritis" not in card, "that is of the packaged ones"
    measured = card[card.index("## Measured against readings") :]
    assert measured.splitlines()[2].startswith(f"Measured on {MEASURED_ON}.")
    assert re.search(
        r"\| ICC\(2,1\), absolute agreement \| 0\.99\d* \(0\.9\d+ to [01][.\d]*\) \| 40 \| 20 \|", measured
    )
    assert re.search(r"Smallest detectable difference .*readings\.csv.*: sum of a hand: \d", card)
    assert "device odd" not in card, "there is one device only"
    assert "| score band 0 to under 20 |" in card
    assert "The system " in measured and "readers" in measured
    assert "the centre's own" in card[card.index("## Licence") :]


def test_a_card_says_whether_the_heatmap_points_at_damage(run: SystemSpec, tmp_path: Path) -> None:
    card = carded(run, tmp_path)
    explained = card[card.index("## Explanation") : card.index("## Where it fails")]
    assert "a map, on 4 phantoms that are healthy but for one joint" in explained
    assert "| share of heat in the damaged joint's box | 0.5 |" in explained
    assert "| the same with the networks' weights shuffled | 0 |" in explained
    assert "| hottest places first | 1.00 | 0.50 | 0.25 | 0.12 | 0.10 | 0.00 |" in explained
    claim = (run.weights_files[0].parent / "CLAIM_2024.md").read_text(encoding="utf-8")
    assert "share of heat in the damaged joint's box 0.5;" in claim


def test_a_card_without_an_evaluation_says_so_and_gives_no_figure(run: SystemSpec) -> None:
    path = write_card_files(run, "", None)
    card, claim = (p.read_text(encoding="utf-8") for p in (path, path.with_name("CLAIM_2024.md")))
    assert "were not measured against readings" in card and "no change may be read from them" in card
    assert NOT_MEASURED in claim


def test_the_tables_answer_what_the_card_knows_and_leave_the_rest_to_the_centre(
    run: SystemSpec, tmp_path: Path
) -> None:
    carded(run, tmp_path)
    folder = run.weights_files[0].parent
    for file, name, items in (("CLAIM_2024.md", "claim_2024", 44), ("TRIPOD_AI.md", "tripod_ai", 52)):
        text = (folder / file).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (\d+[a-g]?) \| ([^|]+) \| (.+) \|$", text, re.MULTILINE)
        assert len(rows) == items == len(read_checklist(name).items)
        assert NOT_MEASURED not in text
        left = [number for number, _, answer in rows if answer == FOR_THE_CENTRE]
        assert f"{items - len(left)} of {items} items are answered" in text
        assert 0 < len(left) < items / 2
    assert "44" in left or "18a" in left, "nobody here knows who paid"


@pytest.mark.parametrize("change", ["weights", "evaluation", "table", "card"])
def test_a_card_that_is_older_is_told_by_digests(run: SystemSpec, tmp_path: Path, change: str) -> None:
    # given: a card as young as its weights
    carded(run, tmp_path)
    folder = run.weights_files[0].parent
    check_card(run, folder)
    # when one of what it speaks of is changed and keeps its time
    name = {"weights": "joint_grader.safetensors", "evaluation": "evaluation.json", "table": "TRIPOD_AI.md"}
    changed = folder / name.get(change, "README.md")
    was = changed.stat()
    changed.write_bytes(changed.read_bytes().replace(b"README.md", b"other.md") + b" ")
    os.utime(changed, ns=(was.st_atime_ns, was.st_mtime_ns))
    # then it is said which
    with pytest.raises(CardError, match=r"joint_grader|evaluation|TRIPOD_AI|CLAIM_2024") as caught:
        check_card(run, folder)
    assert f"rheumascore card hand_joints --weights {folder}" in str(caught.value)


def test_an_evaluation_of_other_weights_is_refused(run: SystemSpec, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", scale=2.0)
    with pytest.raises(CardError, match="measured with other weights"):
        write_card_files(run, "", write_evaluation(other, tmp_path / "report"))
    (tmp_path / "no.json").write_text("[]", encoding="utf-8")
    with pytest.raises(CardError, match=r"is no evaluation\.json"):
        write_card_files(run, "", tmp_path / "no.json")
    assert not {"README.md", "evaluation.json"} & {path.name for path in run.weights_files[0].parent.iterdir()}


def test_words_of_an_evaluation_stay_in_their_cells(run: SystemSpec, tmp_path: Path) -> None:
    path = write_evaluation(run, tmp_path / "report")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["measured_on"] = "a | b <script>`x`\n# heading"
    path.write_text(json.dumps(content), encoding="utf-8")
    card = write_card_files(run, "", path).read_text(encoding="utf-8")
    assert "a \\| b &lt;script>'x' # heading" in card


def test_the_verb_writes_and_checks(run: SystemSpec, tmp_path: Path) -> None:
    folder, report = run.weights_files[0].parent, write_evaluation(run, tmp_path / "report").parent

    def card(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scoring.cli", "card", "hand_joints", "--weights", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)

    missing = card("--check")
    assert missing.returncode == 1 and "RS-106" in missing.stderr and "has no model card" in missing.stderr
    assert card("--evaluation", str(report)).returncode == 0
    assert card("--check").returncode == 0
    (folder / "evaluation.json").unlink()
    older = card("--check")
    assert older.returncode == 1 and "evaluation" in older.stderr and older.stderr.count("\n") == 1


def test_a_changed_list_of_weights_is_refused_by_its_seal(run: SystemSpec) -> None:
    record = run.weights_files[0]
    record.write_text(record.read_text(encoding="utf-8").replace("of a test", "of nobody"), encoding="utf-8")
    with pytest.raises(SpecError, match=r"weights\.toml was changed.*bundle_seal"):
        with_weights_of(run, record.parent)
