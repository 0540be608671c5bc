"""What real hands with drawn damage add to phantoms (lessons.json), in the words of the packaged weights' card.

``benchmarks/whole_hand_lessons.py`` measures it and writes the file; a centre's own run has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

LESSONS_FILE: Final = "lessons.json"
_MEASURED_ON: Final = {
    "real_hands_drawn_into": "held-out real hands, damage drawn in",
    "real_hands_as_filmed": "the same films as they are, whose sums are 0",
    "unseen_phantoms": "unseen phantoms",
}
_MEASURES: Final = {
    "pearson_correlation": ("r", ".3f"),
    "root_mean_square_error": ("RMSE", ".1f"),
    "mean_absolute_error": ("mean absolute error", ".1f"),
}


def lessons_in_words(folder: Path, ensemble_sha256: str) -> Iterator[str]:
    """Markdown. What was measured of packaged weights is told of the ensemble of this hash alone."""
    found = json.loads((folder / LESSONS_FILE).read_text(encoding="utf-8"))
    learning, compared = found["learning"], found["compared"]
    packaged = found["packaged"] if found["packaged_ensemble"] == ensemble_sha256 else {}
    yield from ("", "### Phantoms alone, or real hands with drawn damage too?", "")
    yield (
        f"Sums of hands that no training saw. Small networks of {learning['seeds']} seeds on views of "
        f"{learning['pixels']} pixels, {learning['shown']} hands shown to each: {learning['phantoms']} phantoms alone, "
        f"or together with {learning['real_hands']} real hands of healthy children, damage drawn into three in four. "
        "Intervals (95 %) by drawing hands, of real ones films; difference: both less alone. These budgets are far "
        "smaller than that of the packaged weights, which learn from both."
    )
    yield from ("", "| measured on | measure | phantoms alone | both | difference | packaged weights |")
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, said in _MEASURED_ON.items():
        for measure, (title, form) in _MEASURES.items():
            if measure in compared[name]:
                one = compared[name][measure]
                arms = [_said(one["first"], form), _said(one["second"], form), _said(one["difference"], f"+{form}")]
                arms.append(_said(packaged[name][measure], form) if name in packaged else "not measured")
                yield f"| {said} ({compared[name]['hands']}) | {title} | {' | '.join(arms)} |"


def _said(one: Mapping[str, Any], form: str) -> str:
    return f"{one['value']:{form}} ({one['lower']:{form}} to {one['upper']:{form}})"
