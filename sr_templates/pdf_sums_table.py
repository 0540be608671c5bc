"""The sums on paper: a row for each side and one for all, a column for each item and one for everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.result import ScoreTotal
from scoring.spec import SystemSpec, TotalSpec
from sr_templates.paper import BLACK, MARGIN, PANEL, QUIET, WARNING, WIDTH, Paper, broken, largest_size, width_of
from sr_templates.score_table import (
    SumRow,
    expected_words,
    gap_words,
    number_words,
    one_reason,
    row_name,
    short_label,
)

_ROOM: Final = WIDTH - 2 * MARGIN
_ROW: Final = 29.0
_HEAD: Final = 21.0
_LABELS: Final = 58.0


def sums_height(rows: Sequence[SumRow]) -> float:
    """Points that ``draw_sums`` needs."""
    return _HEAD + _ROW * len(rows) + 6 if rows else 0.0


def draw_sums(paper: Paper, spec: SystemSpec, rows: Sequence[SumRow], top: float) -> None:
    """A row for each side and one for all; a sum over fewer grades than planned stands out, and says so.

    The last column is of everything: a row with fewer sums than others has them on the right.
    """
    if not rows:
        return
    paper.box((MARGIN - 6, top, WIDTH - MARGIN + 6, top + sums_height(rows)), PANEL, 5)
    labels = _LABELS if len(rows) > 1 or rows[0][0] else 0.0
    widest = max((sums for _, sums in rows), key=len)
    width = (_ROOM - labels) / len(widest)
    for number, (heading, _) in enumerate(widest):
        words = short_label(heading) if labels else heading.label
        size = largest_size(words, (6.0, 9.5), width - 8)
        paper.write((MARGIN + labels + number * width, top + 15), words, size, QUIET)
    for line, (side, sums) in enumerate(rows):
        middle = top + _HEAD + _ROW * (line + 0.5)
        if labels:
            paper.write((MARGIN, middle + 4), row_name(side, spec), 11, BLACK, bold=True)
        if one_reason(sums):
            words = gap_words(sums[-1][1])
            size = largest_size(words, (7.0, 11.0), _ROOM - labels)
            paper.write((MARGIN + labels, middle + 4), words, size, WARNING)
            continue
        for number, (total_spec, total) in enumerate(sums, len(widest) - len(sums)):
            _draw_sum(paper, total_spec, total, (MARGIN + labels + number * width, middle, width))


def _draw_sum(paper: Paper, spec: TotalSpec, total: ScoreTotal, at: tuple[float, float, float]) -> None:
    left, middle, width = at
    number = number_words(total)
    if not number:
        for line, words in enumerate(broken(gap_words(total), 8, width - 8)[:3]):
            paper.write((left, middle - 4 + 10 * line), words, 8, WARNING)
        return
    whole = total.assessed == total.planned
    paper.write((left, middle + 6), number, 17, BLACK if whole else WARNING, bold=True)
    left += width_of(number, 17, bold=True) + 3
    paper.write((left, middle + 6), f"/ {spec.highest}", 11, QUIET)
    left += width_of(f"/ {spec.highest}", 11) + 8
    room = at[0] + width - left - 4
    beside = [words for words in (expected_words(total), f"{total.assessed} of {total.planned} graded") if words]
    for line, words in enumerate(beside):
        size = largest_size(words, (5.5, 8.5), room)
        colour = WARNING if line == len(beside) - 1 and not whole else QUIET
        paper.write((left, middle + (6 if len(beside) == 1 else -2.5 + 10.5 * line)), words, size, colour)
