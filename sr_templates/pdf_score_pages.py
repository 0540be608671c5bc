"""The pages of a printed report that tell the score: grades, sums and what must be said with them, or why none is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scoring.result import NotEvaluable, ScoreResult, ScoreTotal
from scoring.spec import SiteSpec, SystemSpec, TotalSpec
from sr_templates.colour_map import DAMAGE_COLOURS, INK, Colour
from sr_templates.heatmap_legend import STAMP_COLOUR
from sr_templates.paper import (
    BLACK,
    HEIGHT,
    MARGIN,
    PANEL,
    QUIET,
    WARNING,
    WIDTH,
    Paper,
    broken,
    largest_size,
    width_of,
)
from sr_templates.pdf_grade_table import HEAD, HIGHEST_ROW, LOWEST_ROW, draw_grades
from sr_templates.score_table import (
    SumRow,
    expected_words,
    gap_words,
    key_words,
    lineage_words,
    number_words,
    one_reason,
    quality_words,
    reason_marks,
    row_name,
    short_label,
    sum_rows,
)

TOP: Final = 70.0
BOTTOM: Final = HEIGHT - 48.0
"""Between head and foot of every page."""
_ROOM: Final = WIDTH - 2 * MARGIN
_SUM_ROW: Final = 29.0
_SUM_HEAD: Final = 21.0
_SUM_LABELS: Final = 58.0
_LEADING: Final = 1.32
_GAP: Final = 11.0

Line = tuple[str, float, Colour]
"""Words, size, colour."""


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Which sites stand on a page, in rows how high; the last page has the sums below them."""

    sites: tuple[SiteSpec, ...]
    row: float
    last: bool


def score_pages(result: ScoreResult, spec: SystemSpec) -> list[ScorePage]:
    """One page, or more where the sites do not fit on one."""
    if result.not_evaluable is not None:
        return [ScorePage((), 0.0, last=True)]
    room = BOTTOM - TOP - _height(_head_lines(result)) - HEAD - _GAP
    below = _height(_closing_lines(result)) + _sums_height(sum_rows(result, spec)) + 2 * _GAP
    most, most_on_last = max(1, int(room / LOWEST_ROW)), max(1, int((room - below) / LOWEST_ROW))
    pages, rest = [], spec.sites
    while len(rest) > most_on_last:
        taken = min(most, len(rest) - 1)
        pages.append(ScorePage(rest[:taken], LOWEST_ROW, last=False))
        rest = rest[taken:]
    return [*pages, ScorePage(rest, min(HIGHEST_ROW, (room - below) / len(rest)), last=True)]


def draw_score_page(paper: Paper, result: ScoreResult, spec: SystemSpec, page: ScorePage) -> None:
    """Everything between the head and the foot of the page."""
    y = _write_lines(paper, _head_lines(result), TOP)
    if result.not_evaluable is not None:
        _draw_verdict(paper, result, result.not_evaluable, y)
    else:
        draw_grades(paper, result, spec, page.sites, reason_marks(result), (y + _GAP, page.row))
        if page.last:
            _draw_sums(paper, spec, sum_rows(result, spec), y + 2 * _GAP + HEAD + page.row * len(page.sites))
    if page.last:
        closing = _closing_lines(result)
        _write_lines(paper, closing, BOTTOM - _height(closing))


def _head_lines(result: ScoreResult) -> list[Line]:
    said: list[Line] = [(quality_words(result), 9.5, QUIET)]
    said += [] if result.withdraws else [(words, 9.5, WARNING) for words in lineage_words(result)]
    said += [(words, 9.0, QUIET) for words in result.notes]
    return _broken(said, _ROOM)


def _closing_lines(result: ScoreResult) -> list[Line]:
    """What must stand with the numbers: what they mean, what they are not, and by which weights."""
    said: list[Line] = [] if result.not_evaluable else [(key_words(reason_marks(result)), 8.5, QUIET)]
    said += [(result.statement, 9.5, WARNING), (f"Weights digest {result.weights_digest}", 7.5, QUIET)]
    return _broken([*said, (f"Result {result.digest}", 7.5, QUIET)], _ROOM)


def _broken(said: Sequence[Line], width: float) -> list[Line]:
    return [(line, size, colour) for words, size, colour in said for line in broken(words, size, width)]


def _height(lines: Sequence[Line]) -> float:
    return sum(size * _LEADING for _, size, _ in lines)


def _write_lines(paper: Paper, lines: Sequence[Line], y: float) -> float:
    """Write them below each other; returns where they end."""
    for words, size, colour in lines:
        paper.write((MARGIN, y + size), words, size, colour)
        y += size * _LEADING
    return y


def _sums_height(rows: Sequence[SumRow]) -> float:
    return _SUM_HEAD + _SUM_ROW * len(rows) + 6 if rows else 0.0


def _draw_sums(paper: Paper, spec: SystemSpec, rows: Sequence[SumRow], top: float) -> None:
    """A row for each side and one for all; a sum over fewer grades than planned stands out, and says so."""
    if not rows:
        return
    paper.box((MARGIN - 6, top, WIDTH - MARGIN + 6, top + _sums_height(rows)), PANEL, 5)
    labels = _SUM_LABELS if len(rows) > 1 or rows[0][0] else 0.0
    widest = max((sums for _, sums in rows), key=len)
    width = (_ROOM - labels) / len(widest)
    for number, (heading, _) in enumerate(widest):
        words = short_label(heading) if labels else heading.label
        size = largest_size(words, (6.0, 9.5), width - 8)
        paper.write((MARGIN + labels + number * width, top + 15), words, size, QUIET)
    for line, (side, sums) in enumerate(rows):
        middle = top + _SUM_HEAD + _SUM_ROW * (line + 0.5)
        if labels:
            paper.write((MARGIN, middle + 4), row_name(side, spec), 11, BLACK, bold=True)
        if one_reason(sums):
            words = gap_words(sums[-1][1])
            size = largest_size(words, (7.0, 11.0), _ROOM - labels)
            paper.write((MARGIN + labels, middle + 4), words, size, WARNING)
            continue
        for number, (total_spec, total) in enumerate(sums):
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


def _draw_verdict(paper: Paper, result: ScoreResult, why: NotEvaluable, top: float) -> None:
    """One word that cannot be overlooked, and below it the reason and what follows from it."""
    words, band = ("WITHDRAWN", DAMAGE_COLOURS[-1]) if result.withdraws else ("NOT EVALUABLE", STAMP_COLOUR)
    said: list[Line] = [(why.reason.meaning, 15, BLACK), (why.explanation, 12, BLACK)]
    said += [(line, 12, WARNING) for line in (lineage_words(result) if result.withdraws else ())]
    parts = [_broken([part], _ROOM - 40) for part in said]
    top += 90
    bottom = top + 92 + 34 + sum(_height(part) + 10 for part in parts)
    paper.box((MARGIN, top, WIDTH - MARGIN, bottom), PANEL, 7)
    paper.box((MARGIN, top, WIDTH - MARGIN, top + 92), band, 7)
    paper.write((WIDTH / 2, top + 63), words, 48, INK, anchor="m", bold=True)
    y = top + 92 + 22
    for part in parts:
        for line, size, colour in part:
            paper.write((WIDTH / 2, y + size), line, size, colour, anchor="m")
            y += size * _LEADING
        y += 10
