"""Whether the heatmap points where the damage is, as an evaluation measured it, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scoring.cards.measured_words import value_in_words

_SHARES: Final = {
    "share_in_scored_joint_boxes": "share of heat in the boxes of scored joints",
    "share_in_the_damaged_joint_box": "share of heat in the damaged joint's box",
    "hottest_point_in_the_damaged_joint_box": "phantoms whose hottest point lies in the damaged joint's box",
    "the_same_with_shuffled_weights": "the same with the networks' weights shuffled",
}


def heatmap_part(evaluation: Mapping[str, Any] | None) -> list[str]:
    """Shares with their intervals and the deletion curve; nothing where no heatmap was measured."""
    found = _heatmap_of(evaluation)
    if found is None:
        return []
    lines = [f"Measured: {_measured_on(found)}.", "", "| measure | value (95 % interval) |", "| --- | --- |"]
    lines += [f"| {words} | {value_in_words(found[key])} |" for key, words in _SHARES.items() if found[key]]
    if found["left_hottest_first"]:
        lines += ["", *_deletion(found)]
    return lines


def heatmap_sentence(evaluation: Mapping[str, Any] | None) -> str:
    """The shares in one sentence; empty where no heatmap was measured."""
    found = _heatmap_of(evaluation)
    if found is None:
        return ""
    shares = "; ".join(f"{words} {value_in_words(found[key])}" for key, words in _SHARES.items() if found[key])
    return f"{_measured_on(found)}: {shares}."


def _heatmap_of(evaluation: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return (evaluation or {}).get("heatmap")


def _measured_on(found: Mapping[str, Any]) -> str:
    return f"{found['method']}, on {found['phantoms']} phantoms that are healthy but for one joint, the whole chain"


def _deletion(found: Mapping[str, Any]) -> list[str]:
    """The curve as a table: a column for each share of the film's area that is healed."""
    healed = [f"{100 * share:g} %" for share in found["healed_shares"]]
    return [
        "What damage adds to the score, and how much of that is left when so much of the film's area is healed (the "
        "same hand's healthy pixels put in):",
        "",
        _row(["healed", *healed]),
        _row(["---"] * (len(healed) + 1)),
        _row(["hottest places first", *_two_places(found["left_hottest_first"])]),
        _row(["the mirrored places", *_two_places(found["left_mirrored_place"])]),
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _two_places(shares: Sequence[float]) -> list[str]:
    return [f"{share:.2f}" for share in shares]
