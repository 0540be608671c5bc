"""The pages of a printed report that tell the score: grades, sums and what must be said with them, or why none is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scoring.result import NotEvaluable, ScoreResult
from scoring.spec import SiteSpec, SystemSpec
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
)
from sr_templates.pdf_grade_table import HEAD, HIGHEST_ROW, LOWEST_ROW, draw_grades
from sr_templates.pdf_sums_table import draw_sums, sums_height
from sr_templates.score_table import key_words, lineage_words, quality_words, reason_marks, sum_rows
from sr_templates.second_opinions import opinion_sentences

TOP: Final = 70.0
BOTTOM: Final = HEIGHT - 48.0
"""Between head and foot of every page."""
_ROOM: Final = WIDTH - 2 * MARGIN
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
    room = BOTTOM - TOP - height_of(head_lines(result, spec)) - HEAD - _GAP
    below = height_of(closing_lines(result, _key(result))) + sums_height(sum_rows(result, spec)) + 2 * _GAP
    most, most_on_last = max(1, int(room / LOWEST_ROW)), max(1, int((room - below) / LOWEST_ROW))
    pages, rest = [], spec.sites
    while len(rest) > most_on_last:
        taken = min(most, len(rest) - 1)
        pages.append(ScorePage(rest[:taken], LOWEST_ROW, last=False))
        rest = rest[taken:]
    return [*pages, ScorePage(rest, min(HIGHEST_ROW, (room - below) / len(rest)), last=True)]


def draw_score_page(paper: Paper, result: ScoreResult, spec: SystemSpec, page: ScorePage) -> None:
    """Everything between the head and the foot of the page."""
    y = write_lines(paper, head_lines(result, spec), TOP)
    if result.not_evaluable is not None:
        draw_verdict(paper, result, result.not_evaluable, y)
    else:
        draw_grades(paper, result, spec, page.sites, reason_marks(result), (y + _GAP, page.row))
        if page.last:
            draw_sums(paper, spec, sum_rows(result, spec), y + 2 * _GAP + HEAD + page.row * len(page.sites))
    if page.last:
        closing = closing_lines(result, _key(result))
        write_lines(paper, closing, BOTTOM - height_of(closing))


def head_lines(result: ScoreResult, spec: SystemSpec) -> list[Line]:
    """What stands above every table: quality, earlier results, second opinions, notes."""
    said: list[Line] = [(quality_words(result), 9.5, QUIET)]
    said += [] if result.withdraws else [(words, 9.5, WARNING) for words in lineage_words(result)]
    said += [(one.words, 9.0, WARNING if one.differs else QUIET) for one in opinion_sentences(result, spec)]
    said += [(words, 9.0, QUIET) for words in result.notes]
    return broken_lines(said, _ROOM)


def closing_lines(result: ScoreResult, key: str) -> list[Line]:
    """What must stand with the numbers: what they mean (``key``), what they are not, and by which weights."""
    said: list[Line] = [] if result.not_evaluable else [(key, 8.5, QUIET)]
    said += [(result.statement, 9.5, WARNING), (f"Weights digest {result.weights_digest}", 7.5, QUIET)]
    return broken_lines([*said, (f"Result {result.digest}", 7.5, QUIET)], _ROOM)


def _key(result: ScoreResult) -> str:
    return key_words(result, reason_marks(result))


def broken_lines(said: Sequence[Line], width: float) -> list[Line]:
    """In lines no wider than ``width``."""
    return [(line, size, colour) for words, size, colour in said for line in broken(words, size, width)]


def height_of(lines: Sequence[Line]) -> float:
    """Points that ``write_lines`` takes."""
    return sum(size * _LEADING for _, size, _ in lines)


def write_lines(paper: Paper, lines: Sequence[Line], y: float) -> float:
    """Write them below each other; returns where they end."""
    for words, size, colour in lines:
        paper.write((MARGIN, y + size), words, size, colour)
        y += size * _LEADING
    return y


def draw_verdict(paper: Paper, result: ScoreResult, why: NotEvaluable, top: float) -> None:
    """One word that cannot be overlooked, and below it the reason and what follows from it."""
    words, band = ("WITHDRAWN", DAMAGE_COLOURS[-1]) if result.withdraws else ("NOT EVALUABLE", STAMP_COLOUR)
    said: list[Line] = [(why.reason.meaning, 15, BLACK), (why.explanation, 12, BLACK)]
    said += [(line, 12, WARNING) for line in (lineage_words(result) if result.withdraws else ())]
    parts = [broken_lines([part], _ROOM - 40) for part in said]
    top += 90
    bottom = top + 92 + 34 + sum(height_of(part) + 10 for part in parts)
    paper.box((MARGIN, top, WIDTH - MARGIN, bottom), PANEL, 7)
    paper.box((MARGIN, top, WIDTH - MARGIN, top + 92), band, 7)
    paper.write((WIDTH / 2, top + 63), words, 48, INK, anchor="m", bold=True)
    y = top + 92 + 22
    for part in parts:
        for line, size, colour in part:
            paper.write((WIDTH / 2, y + size), line, size, colour, anchor="m")
            y += size * _LEADING
        y += 10
