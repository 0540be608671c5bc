"""The card's table of lessons: figures of packaged weights are told of these weights alone."""

from __future__ import annotations

import json
from pathlib import Path

from scoring.systems.svdh_hands.lessons_in_words import LESSONS_FILE, lessons_in_words

ONE = {"value": 0.5, "lower": 0.25, "upper": 0.75}
ARMS = {"first": ONE, "second": ONE, "difference": ONE, "of_each_seed": [0.5]}


def lessons(folder: Path) -> Path:
    """Lessons as they are measured, of the packaged ensemble ``abc``."""
    sets = ("real_hands_drawn_into", "real_hands_as_filmed", "unseen_phantoms")
    found = {
        "learning": {"phantoms": 400, "real_hands": 100, "shown": 4000, "seeds": 3, "pixels": 128},
        "compared": {name: {"hands": 36, "pearson_correlation": ARMS} for name in sets},
        "packaged_ensemble": "abc",
        "packaged": {sets[0]: {"pearson_correlation": ONE | {"value": 0.6}}},
    }
    (folder / LESSONS_FILE).write_text(json.dumps(found), encoding="utf-8")
    return folder


def test_each_set_of_hands_has_its_row_with_both_lessons_and_their_difference(tmp_path: Path) -> None:
    lines = list(lessons_in_words(lessons(tmp_path), "abc"))
    rows = [line for line in lines if " (36) |" in line]
    assert len(rows) == 3
    assert "| r | 0.500 (0.250 to 0.750) | 0.500 (0.250 to 0.750) | +0.500 (+0.250 to +0.750) | 0.600 (" in rows[0]
    assert rows[2].endswith("| not measured |")


def test_other_weights_are_not_told_what_was_measured_of_these(tmp_path: Path) -> None:
    assert "0.600" not in "\n".join(lessons_in_words(lessons(tmp_path), "def"))
