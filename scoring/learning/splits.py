"""Dealing subjects to parts: whole subjects or whole centres, every part with its share of every score band.

Groups are dealt one by one, the largest first, to the part that then lies nearest to its wish: the sum over score
bands, and over the whole, of the squared number of cases divided by the wished number is kept smallest. That is the
greedy rule of scikit-learn's ``StratifiedGroupKFold`` with chi-squared in place of a standard deviation, so that
parts may differ in size. Order comes from SHA-256 of seed and name, so that neither the order of rows nor the
machine nor a library's generator counts.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Final

from scoring.errors import LabelError
from scoring.learning.cases import Case
from scoring.learning.split import GroupedBy, Split

SCORE_BANDS: Final = (1.0, 10.0, 20.0, 40.0, 70.0, 110.0, 160.0)
"""Lower bounds of the upper bands of the Sharp/van der Heijde score of both hands, 0..280; ours, not published."""


def held_out(
    cases: Sequence[Case], data_sha256: str, seed: int, share: float = 0.2, grouped_by: GroupedBy = "subject"
) -> Split:
    """Parts ``training`` and ``held_out``, the second with ``share`` of the cases, 0..1.

    Of few cases bands are joined until each is so large that it has a case for the smaller part; of too few for two
    bands (ten at a share of 0.2) only sizes are balanced, and one class in a part is no fault.
    """
    if not 0 < share < 1:
        raise LabelError(f"The held-out share is {share:g}; wanted a number between 0 and 1, such as 0.2.")
    bands = _joined(cases, round(1 / min(share, 1 - share)))
    return deal(cases, {"training": 1 - share, "held_out": share}, data_sha256, seed, grouped_by, bands)


def folds(
    cases: Sequence[Case],
    data_sha256: str,
    seed: int,
    number: int,
    grouped_by: GroupedBy = "subject",
    bands: Sequence[float] = SCORE_BANDS,
) -> Split:
    """Parts ``fold 1`` .. ``fold number`` of like size, for cross-validation and out-of-fold stacking."""
    if number < 2:
        raise LabelError(f"{number} folds were asked for; wanted two or more.")
    return deal(cases, {f"fold {n}": 1 / number for n in range(1, number + 1)}, data_sha256, seed, grouped_by, bands)


def deal(
    cases: Sequence[Case],
    shares: Mapping[str, float],
    data_sha256: str,
    seed: int,
    grouped_by: GroupedBy = "subject",
    bands: Sequence[float] = SCORE_BANDS,
) -> Split:
    """Deal all cases to the parts named in ``shares``. Without ``bands`` only sizes are balanced.

    LabelError: fewer groups than parts, a subject of two centres or of none when centres are dealt, a part with
    cases of one band only (nothing can be told apart in it).
    """
    groups = _groups(cases, grouped_by)
    if len(groups) < len(shares):
        raise LabelError(
            f"There are {len(groups)} {grouped_by}s with a score for {len(shares)} parts, so a part would be empty; "
            f"wanted at least one {grouped_by} a part: ask for fewer parts or add readings."
        )
    parts = _dealt({name: _bands_of(own, bands) for name, own in groups.items()}, shares, seed)
    if bands:
        for part, names in parts.items():
            _refuse_one_band(part, {bisect_right(bands, case.score) for name in names for case in groups[name]})
    return Split(
        parts={
            part: tuple(sorted({c.subject for name in names for c in groups[name]})) for part, names in parts.items()
        },
        seed=seed,
        grouped_by=grouped_by,
        bands=tuple(bands),
        data_sha256=data_sha256,
    )


def _joined(cases: Sequence[Case], fewest: int) -> tuple[float, ...]:
    """Bounds of bands with so many cases or more each; the median score where none fits, nothing where none can."""
    scores = sorted(case.score for case in cases)
    if len(scores) < 2 * fewest:
        return ()
    kept, last = [], 0
    for band in SCORE_BANDS:
        number = bisect_left(scores, band)
        if number - last >= fewest and len(scores) - number >= fewest:
            kept.append(band)
            last = number
    return tuple(kept) or (scores[len(scores) // 2],)


def _groups(cases: Sequence[Case], grouped_by: GroupedBy) -> dict[str, list[Case]]:
    groups: dict[str, list[Case]] = {}
    centres: dict[str, set[str]] = {}
    for case in cases:
        groups.setdefault(case.subject if grouped_by == "subject" else case.centre, []).append(case)
        centres.setdefault(case.subject, set()).add(case.centre)
    if grouped_by == "centre":
        if "" in groups:
            raise LabelError(f"{len(groups[''])} visits have no centre; fill the column, or split by subject.")
        if moved := sum(len(own) > 1 for own in centres.values()):
            raise LabelError(f"{moved} subjects are of more than one centre; correct them, or split by subject.")
    return groups


def _bands_of(cases: Sequence[Case], bands: Sequence[float]) -> Counter[int]:
    return Counter(bisect_right(bands, case.score) for case in cases)


def _dealt(groups: Mapping[str, Counter[int]], shares: Mapping[str, float], seed: int) -> dict[str, list[str]]:
    whole: Counter[int] = sum(groups.values(), Counter())
    held = {part: Counter[int]() for part in shares}
    dealt: dict[str, list[str]] = {part: [] for part in shares}

    def cost(part: str, group: Counter[int]) -> float:
        # growth of (cases held)² / (cases wished), by band and for the whole; fsum gives one sum in every Python
        own, size = held[part], group.total()
        by_band = fsum((2 * own[band] + more) * more / whole[band] for band, more in group.items())
        return (by_band + (2 * own.total() + size) * size / whole.total()) / shares[part]

    order = sorted(groups, key=lambda name: (-groups[name].total(), drawn_order(seed, name)))
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        empty = [part for part, names in dealt.items() if not names]
        # the last groups are kept for parts that would go without
        part = min(empty if len(empty) == left else shares, key=lambda part: cost(part, groups[name]))
        dealt[part].append(name)
        held[part].update(groups[name])
    return dealt


def drawn_order(seed: int, name: str) -> bytes:
    """What names are sorted by where chance is to decide: the same on every machine."""
    return hashlib.sha256(f"{seed}\x1f{name}".encode()).digest()


def _refuse_one_band(part: str, found: set[int]) -> None:
    if len(found) == 1:
        raise LabelError(
            f"The part {part!r} holds scores of a single class (band {found.pop()}), so nothing can be told apart in "
            "it; ask for fewer folds or a larger share, or add subjects of other scores."
        )
