"""Hand readings beside what a system finds on the same images, each image scored by itself as the node would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Final

from scoring.contract import ScoringSystem
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.scored_images import comparison_of, scored_images
from scoring.learning.label import HAND, TOTAL, Label
from scoring.learning.labelled_images import read_film
from scoring.learning.progress import Progress, silent
from scoring.learning.read_hands import by_hand
from scoring.learning.reader_means import reader_means
from scoring.learning.splits import SCORE_BANDS
from scoring.result import ScoreItem, ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, Side, highest_sum, planned_sites
from scoring.uncertainty.calibration import read_calibration
from scoring.uncertainty.stated import with_uncertainty

SUM: Final = "sum_of_a_hand"
_HAND_SCALE: Final = Scale(
    "sum of a hand",
    float(highest_sum("R")),
    whole=False,
    bands=tuple(cut / 2 for cut in SCORE_BANDS if cut / 2 < highest_sum("R")),
)
_SCALES: Final = {item: Scale(item, float(HIGHEST_GRADE[item]), whole=True) for item in ITEMS} | {SUM: _HAND_SCALE}
_Place = tuple[str, Side, str, str]
"""Image, side, site, item."""


def compare_hands(
    labels: Sequence[Label], images: Path, system: ScoringSystem, measured_on: str, progress: Progress = silent
) -> Comparison:
    """Score every image that the readings name and lay both beside each other.

    Raises LabelError when images are missing or contradict the table. What the system could not grade is a row with
    its reason.
    """
    sides: dict[str, set[Side]] = {}
    for label in labels:
        sides.setdefault(label.image, set()).add(label.side)
    said: dict[_Place, ScoreItem] = {}
    reasons: dict[str, str] = {}
    devices: dict[str, str] = {}
    sums: dict[tuple[str, Side], ScoreTotal] = {}
    calibration = read_calibration(system.weights)
    for one in scored_images(labels, images, system, read_film, progress):
        reasons[one.name], devices[one.name] = one.reason, one.device
        if one.findings is not None:
            findings = with_uncertainty(one.findings, calibration)
            said |= {(one.name, i.side, i.site, i.item): i for i in findings.items if i.side in sides[one.name]}
            sums |= {(one.name, t.side): t for t in sorted(findings.totals, key=lambda t: t.highest) if t.side}
    if TOTAL in {item.key for item in system.spec.items}:
        rows = _whole_hand_rows(labels, said, sums, reasons, devices)
    else:
        rows = [*_graded_rows(labels, said, reasons, devices), *_sum_rows(labels, said, sums, reasons, devices)]
    return comparison_of(system, measured_on, _SCALES, rows, reasons)


def _graded_rows(
    labels: Sequence[Label], said: Mapping[_Place, ScoreItem], reasons: Mapping[str, str], devices: Mapping[str, str]
) -> list[Compared]:
    """One row a place that any reader looked at."""
    places: dict[_Place, list[Label]] = {}
    for label in labels:
        if label.item in ITEMS:
            places.setdefault((label.image, label.side, label.site, label.item), []).append(label)
    rows = []
    for place, read in places.items():
        item = said.get(place)
        rows.append(
            replace(
                _row(read[0], reader_means(read), devices),
                item=place[3],
                site=place[2],
                group=_group(place[2]),
                expected=item.value if item else None,
                grade=item.grade if item else None,
                interval=item.interval if item else None,
                reason=reasons[place[0]] or _why(item),
            )
        )
    return rows


def _sum_rows(
    labels: Sequence[Label],
    said: Mapping[_Place, ScoreItem],
    sums_said: Mapping[tuple[str, Side], ScoreTotal],
    reasons: Mapping[str, str],
    devices: Mapping[str, str],
) -> list[Compared]:
    """One row a hand: over the sites that every reader of it graded; sums that readers wrote down as they are.

    The system's sum is of the same sites, and is not given when it left one of them out; its interval is known where
    these are the sites of its own sum.
    """
    rows = []
    for (image, side), read in by_hand(labels).items():
        sums = reader_means([label for label in read if label.item == "total"])
        places = {(site, item) for _, _, site, item in said if (image, side, site, item) in said}
        if not sums:
            by_place = {p: reader_means([x for x in read if (x.site, x.item) == p]) for p in _places(read)}
            readers = set().union(*by_place.values()) if by_place else set()
            places = {p for p, own in by_place.items() if readers and own.keys() == readers}
            sums = {reader: fsum(sorted(by_place[p][reader] for p in places)) for reader in readers if places}
        graded = [said[image, side, *p] for p in places if (image, side, *p) in said]
        values = [i.value for i in graded if i.value is not None]
        whole = bool(places) and len(values) == len(places) and (len(places) == planned_sites(side) or not _wrote(read))
        rows.append(
            replace(
                _row(read[0], sums, devices),
                item=SUM,
                site=HAND,
                group="hand",
                expected=fsum(sorted(values)) if whole else None,
                grade=sum(i.grade or 0 for i in graded) if whole else None,
                interval=_interval_of(sums_said.get((image, side)), len(places)) if whole else None,
                reason="" if whole else reasons[image] or "Not every site that readers graded was assessed",
            )
        )
    return rows


def _whole_hand_rows(
    labels: Sequence[Label],
    said: Mapping[_Place, ScoreItem],
    sums_said: Mapping[tuple[str, Side], ScoreTotal],
    reasons: Mapping[str, str],
    devices: Mapping[str, str],
) -> list[Compared]:
    """One row a hand, for a system that judges it whole: sums of readers who wrote them down or graded every site."""
    rows = []
    for (image, side), read in by_hand(labels).items():
        item, total = said.get((image, side, HAND, TOTAL)), sums_said.get((image, side))
        rows.append(
            replace(
                _row(read[0], _whole_sums(read, side), devices),
                item=SUM,
                site=HAND,
                group="hand",
                expected=item.value if item else None,
                grade=item.grade if item else None,
                interval=total.interval if item and total else None,
                reason=reasons[image] or _why(item),
            )
        )
    return rows


def _whole_sums(read: Sequence[Label], side: Side) -> dict[str, float]:
    """Each reader's sum of a hand: the written one, else that of the grades where none is missing."""
    sums = reader_means([label for label in read if label.item == TOTAL])
    for reader in {label.reader for label in read} - sums.keys():
        own = [label for label in read if label.reader == reader]
        by_place = [reader_means([x for x in own if (x.site, x.item) == place]) for place in sorted(_places(own))]
        grades = [value for found in by_place for value in found.values()]
        if len(grades) == planned_sites(side):
            sums[reader] = fsum(sorted(grades))
    return dict(sorted(sums.items()))


def _interval_of(total: ScoreTotal | None, sites: int) -> tuple[float, float] | None:
    """The interval of the system's own sum of a hand, when that is a sum of so many grades."""
    return total.interval if total is not None and total.assessed == sites else None


def _places(read: Sequence[Label]) -> set[tuple[str, str]]:
    return {(label.site, label.item) for label in read if label.item in ITEMS}


def _wrote(read: Sequence[Label]) -> bool:
    """True when a reader wrote down the sum itself: then it is over all sites."""
    return any(label.item == "total" and label.value is not None for label in read)


def _row(label: Label, readings: Mapping[str, float], devices: Mapping[str, str]) -> Compared:
    return Compared(
        patient=label.subject,
        visit=label.visit,
        image=label.image,
        item=label.item,
        site=label.site,
        group="",
        side=label.side,
        readings=readings,
        expected=None,
        grade=None,
        centre=label.centre,
        device=devices[label.image],
    )


def _group(site: str) -> str:
    if site.startswith(("PIP", "IP")):
        return "PIP"
    return "MCP" if site.startswith("MCP") else "wrist"


def _why(item: ScoreItem | None) -> str:
    if item is None:
        return "No hand of this side was found"
    return item.reason.meaning if item.reason else ""
