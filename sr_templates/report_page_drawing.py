"""The report page as a picture: the table a rheumatologist would draw. Zeros are numbers, gaps are dashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from scoring.result import NotEvaluable, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.colour_map import DAMAGE_COLOURS, INK, Colour
from sr_templates.grade_table import LOWEST_ROW, draw_grade_table, rows_needed
from sr_templates.heatmap_legend import RESEARCH_STAMP, STAMP_COLOUR, model_line
from sr_templates.lettering import fitted, font, largest_fitting, wrapped, write
from sr_templates.page_style import GROUND, HEIGHT, LIGHT, MARGIN, PANEL, QUIET, RULE, WIDTH
from sr_templates.picture_table_drawing import draw_picture_table, picture_table_height
from sr_templates.reading_table import key_sentence, reading_table
from sr_templates.score_table import key_words, lineage_words, quality_words, reason_marks
from sr_templates.second_opinions import opinion_sentences
from sr_templates.smooth_shapes import draw_rounded_box
from sr_templates.sums_table import draw_sums, sums_height

_ROOM: Final = WIDTH - 2 * MARGIN
_HEADS_OF_TABLE: Final = 140.0
_BAND: Final = 220.0

Line = tuple[str, int, Colour]
"""Words, size of the letters, colour."""


def draw_report_page(result: ScoreResult, spec: SystemSpec) -> npt.NDArray[np.uint8]:
    """RGB, 1600 columns by 1200 rows, or more rows where so many sites or pictures need them."""
    if spec.per_picture:
        return _draw_picture_page(result, spec)
    marks = reason_marks(result)
    head, foot = _head_lines(result, spec), _foot_lines(result, key_words(result, marks))
    top, foot_height = 104.0 + _height(head), 26.0 + _height(foot)
    sums = sums_height(result, spec)
    needed = top + _HEADS_OF_TABLE + rows_needed(spec) * LOWEST_ROW + sums + foot_height
    page = Image.new("RGB", (WIDTH, max(HEIGHT, round(needed))), GROUND)
    bottom = page.height - foot_height
    _draw_head(ImageDraw.Draw(page), spec, head)
    if result.not_evaluable is not None:
        _draw_verdict(page, result, result.not_evaluable, (top + 20, bottom - 30))
    else:
        end = draw_grade_table(page, result, spec, marks, (top + 10, bottom - sums - 14))
        draw_sums(page, result, spec, min(bottom - sums, end + 40))
    _draw_foot(ImageDraw.Draw(page), foot, bottom)
    return np.asarray(page, np.uint8)


def _draw_picture_page(result: ScoreResult, spec: SystemSpec) -> npt.NDArray[np.uint8]:
    """The same of a system that numbers pictures."""
    table = reading_table(result, spec)
    head, foot = _head_lines(result, spec), _foot_lines(result, key_sentence(table))
    top, foot_height = 104.0 + _height(head), 26.0 + _height(foot)
    needed = top + 10 + picture_table_height(table) + foot_height
    page = Image.new("RGB", (WIDTH, max(HEIGHT, round(needed))), GROUND)
    bottom = page.height - foot_height
    _draw_head(ImageDraw.Draw(page), spec, head)
    if result.not_evaluable is not None:
        _draw_verdict(page, result, result.not_evaluable, (top + 20, bottom - 30))
    else:
        draw_picture_table(page, table, top + 10)
    _draw_foot(ImageDraw.Draw(page), foot, bottom)
    return np.asarray(page, np.uint8)


def _head_lines(result: ScoreResult, spec: SystemSpec) -> list[Line]:
    said: list[Line] = [(quality_words(result), 28, QUIET)]
    said += [] if result.withdraws else [(words, 28, STAMP_COLOUR) for words in lineage_words(result)]
    said += [(one.words, 26, STAMP_COLOUR if one.differs else QUIET) for one in opinion_sentences(result, spec)]
    said += [(words, 26, QUIET) for words in result.notes]
    return [line for words, size, colour in said for line in _broken(words, size, colour, 2)]


def _foot_lines(result: ScoreResult, key: str) -> list[Line]:
    said = (
        (result.statement, 28, STAMP_COLOUR, 6),
        (model_line(result), 24, QUIET, 1),
        ("" if result.not_evaluable else key, 24, QUIET, 4),
    )
    return [line for words, size, colour, most in said for line in _broken(words, size, colour, most)]


def _broken(words: str, size: int, colour: Colour, most: int) -> list[Line]:
    """In at most so many lines of the page's width; what is over ends in an ellipsis."""
    lines = wrapped(words, font(size), _ROOM)
    if len(lines) > most:
        lines = [*lines[: most - 1], fitted(" ".join(lines[most - 1 :]), font(size), _ROOM)]
    return [(line, size, colour) for line in lines]


def _height(lines: Sequence[Line]) -> float:
    return sum(size * 1.3 for _, size, _ in lines)


def _draw_head(draw: ImageDraw.ImageDraw, spec: SystemSpec, lines: Sequence[Line]) -> None:
    stamp = font(34, bold=True)
    room = _ROOM - stamp.getlength(RESEARCH_STAMP) - 50
    letters = largest_fitting(spec.title, range(42, 27, -1), room, bold=True)
    write(draw, (MARGIN, 60), fitted(spec.title, letters, room), letters, LIGHT, anchor="lm")
    write(draw, (WIDTH - MARGIN, 42), RESEARCH_STAMP, stamp, STAMP_COLOUR, anchor="ra")
    _write_lines(draw, lines, 98)


def _draw_foot(draw: ImageDraw.ImageDraw, lines: Sequence[Line], top: float) -> None:
    draw.line((MARGIN, top + 2, WIDTH - MARGIN, top + 2), fill=RULE, width=2)
    _write_lines(draw, lines, top + 12)


def _write_lines(draw: ImageDraw.ImageDraw, lines: Sequence[Line], y: float) -> None:
    for words, size, colour in lines:
        write(draw, (MARGIN, y), words, font(size), colour)
        y += size * 1.3


def _draw_verdict(page: Image.Image, result: ScoreResult, why: NotEvaluable, between: tuple[float, float]) -> None:
    """One word that cannot be overlooked, and below it the reason and what follows from it."""
    words, band = ("WITHDRAWN", DAMAGE_COLOURS[-1]) if result.withdraws else ("NOT EVALUABLE", STAMP_COLOUR)
    said: list[Line] = [(why.reason.meaning, 50, LIGHT), (why.explanation, 38, LIGHT)]
    said += [(line, 38, STAMP_COLOUR) for line in (lineage_words(result) if result.withdraws else ())]
    parts = [
        [(line, size, colour) for line in wrapped(part, font(size), _ROOM - 120)[:5]] for part, size, colour in said
    ]
    height = _BAND + 120 + sum(_height(lines) + 24 for lines in parts)
    top = max(between[0], (between[0] + between[1] - height) / 2)
    draw_rounded_box(page, (MARGIN, top, WIDTH - MARGIN, top + height), 20, PANEL)
    draw_rounded_box(page, (MARGIN, top, WIDTH - MARGIN, top + _BAND), 20, band)
    draw = ImageDraw.Draw(page)
    write(draw, (WIDTH / 2, top + _BAND / 2), words, font(150, bold=True), INK, anchor="mm")
    y = top + _BAND + 70
    for lines in parts:
        for line, size, colour in lines:
            write(draw, (WIDTH / 2, y), line, font(size), colour, anchor="ma")
            y += size * 1.3
        y += 24
