"""What is said of a visit in words: how much of it could be read, which rule fired, where both routes disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scoring.capillaroscopy.picture_quality import ADVICE
from scoring.score_rules.nailfold_fast_track import NOTHING_IN_MM, SCLERODERMA_PATTERN, fast_track_of_visit
from scoring.score_rules.nailfold_labels import NailfoldLabel
from scoring.systems.nailfold.picture_reading import PictureReading, um_per_px
from scoring.systems.nailfold.protocol import VisitMinimum

_NAMED_AT_MOST: Final = 3
"""Pictures that a remark lists; of more it says how many."""

_TOLD_FROM_MM: Final = 0.05
"""Capillaries of a healthy row are twice as far apart."""

_BOTH_ROUTES: Final[Mapping[NailfoldLabel, str]] = {"giant": "giant capillaries", "low_density": "low density"}
_NOTHING_TO_MEASURE: Final = (
    "Fast track: pictures say their scale, but on none could both density and diameters be measured; the rule is not "
    "applied."
)


def remarks(readings: Sequence[PictureReading], minimum: VisitMinimum) -> Iterator[str]:
    """In the order in which a reader needs them."""
    if asked := minimum.in_words(readings):
        yield asked
    yield _fast_track_in_words(readings)
    yield from _disagreements(readings)
    yield from _written_over(readings)
    yield from _to_be_retaken(readings)
    yield from _unnamed(readings)


def _fast_track_in_words(readings: Sequence[PictureReading]) -> str:
    fired = fast_track_of_visit(r.rule for r in readings)
    if fired is None:
        calibrated = any(r.quality.fit and um_per_px(r.image) is not None for r in readings)
        return _NOTHING_TO_MEASURE if calibrated else NOTHING_IN_MM
    those = [r for r in readings if r.rule == fired]
    judged = sum(r.rule is not None for r in readings)
    return (
        f"Fast track, from measurements: {fired.words}. It fired on {len(those)} of {judged} measured pictures: "
        f"{_listed(_with_measures(r) for r in those)}.{_if_one_picture_decides(readings)}"
    )


def _if_one_picture_decides(readings: Sequence[PictureReading]) -> str:
    """The published rules judge a picture, and one is enough: a visit that hangs on a single one is worth a look."""
    rules = [r.rule for r in readings if r.rule is not None]
    others = [rule for rule in rules if rule.category != SCLERODERMA_PATTERN]
    without = fast_track_of_visit(others)
    if len(rules) - len(others) != 1 or without is None:
        return ""
    return (
        f" The rules judge pictures, and the category of a visit is that of its most telling one: here a single "
        f"picture decides, the other {len(others)} say category {without.category}. Look at it before it is believed."
    )


def _with_measures(reading: PictureReading) -> str:
    found = reading.measured
    if found is None:
        return str(reading.place)
    widest = ""
    if found.widest_um is not None:
        ends = found.widest_interval
        widest = f", widest apex {found.widest_um:.0f} µm{f', {ends[0]:.0f} to {ends[1]:.0f}' if ends else ''}"
    return f"{reading.place} ({found.density_per_mm:.1f}/mm{widest})"


def _disagreements(readings: Sequence[PictureReading]) -> Iterator[str]:
    both = sum(bool(r.by_measure) for r in readings)
    for label, words in _BOTH_ROUTES.items():
        those = [r for r in readings if label in r.disagreements]
        if those:
            yield (
                f"Network and measurement disagree on {words} in {len(those)} of {both} pictures: "
                f"{_listed(f'{r.place} (network {100 * r.probabilities[label]:.0f} %)' for r in those)}. Look at them."
            )


def _written_over(readings: Sequence[PictureReading]) -> Iterator[str]:
    found = [(r, r.measured.hidden_row_mm) for r in readings if r.measured is not None]
    hidden = [(r, mm) for r, mm in found if mm >= _TOLD_FROM_MM]
    if hidden:
        yield (
            f"What is burned into the picture hides part of the row in {len(hidden)} of {len(readings)} pictures; that "
            f"part was left out of what was measured: {_listed(f'{r.place} ({mm:.2f} mm)' for r, mm in hidden)}."
        )


def _to_be_retaken(readings: Sequence[PictureReading]) -> Iterator[str]:
    for fault, advice in ADVICE.items():
        those = [r for r in readings if fault in r.quality.faults]
        if those:
            yield f"{advice} ({_listed(str(r.place) for r in those)})"


def _unnamed(readings: Sequence[PictureReading]) -> Iterator[str]:
    if unnamed := sum(not r.place.named for r in readings):
        yield f"Nobody said side and finger of {unnamed} of {len(readings)} pictures; they count as no finger."


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    more = len(known) - _NAMED_AT_MOST
    return ", ".join(known[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
