"""The sums of the report page: a row for each side and one for all, a column for each item and one for everything."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from scoring.result import ScoreResult, ScoreTotal
from scoring.spec import SystemSpec, TotalSpec
from sr_templates.heatmap_legend import STAMP_COLOUR
from sr_templates.lettering import fitted, font, wrapped, write
from sr_templates.page_style import LIGHT, MARGIN, PANEL, QUIET, WIDTH
from sr_templates.score_table import (
    expected_words,
    gap_words,
    number_words,
    one_reason,
    row_name,
    short_label,
    sum_rows,
)
from sr_templates.smooth_shapes import draw_rounded_box

_HEAD: Final = 38.0
_ROW: Final = 52.0
_OVERALL_ROW: Final = 66.0
_LABELS: Final = 170.0


def sums_height(result: ScoreResult, spec: SystemSpec) -> float:
    """Pixels that ``draw_sums`` needs."""
    rows = sum_rows(result, spec)
    return _HEAD + sum(_OVERALL_ROW if side is None else _ROW for side, _ in rows) + 18 if rows else 0.0


def draw_sums(picture: Image.Image, result: ScoreResult, spec: SystemSpec, top: float) -> None:
    """Draw the sums below ``top``; a sum over fewer sites than planned stands out, and says so.

    The last column is of everything: a row with fewer sums than others has them on the right.
    """
    rows = sum_rows(result, spec)
    if not rows:
        return
    draw_rounded_box(picture, (MARGIN - 14, top, WIDTH - MARGIN + 14, top + sums_height(result, spec) - 8), 14, PANEL)
    draw = ImageDraw.Draw(picture)
    labels = _LABELS if len(rows) > 1 or rows[0][0] else 0.0
    columns = max(len(sums) for _, sums in rows)
    width = (WIDTH - 2 * MARGIN - labels) / columns
    widest = next(sums for _, sums in rows if len(sums) == columns)
    for number, (heading, _) in enumerate(widest):
        words = short_label(heading) if labels else heading.label
        letters = font(25)
        write(draw, (MARGIN + labels + number * width, top + 10), fitted(words, letters, width - 20), letters, QUIET)
    y = top + _HEAD
    for side, sums in rows:
        height = _ROW if side else _OVERALL_ROW
        if labels:
            write(draw, (MARGIN, y + height / 2), row_name(side, spec), font(30, bold=True), LIGHT, anchor="lm")
        if one_reason(sums):
            words = fitted(gap_words(sums[-1][1]), font(32), WIDTH - 2 * MARGIN - labels)
            write(draw, (MARGIN + labels, y + height / 2), words, font(32), STAMP_COLOUR, anchor="lm")
        else:
            for number, (total_spec, total) in enumerate(sums, columns - len(sums)):
                _draw_sum(draw, total_spec, total, (MARGIN + labels + number * width, y, width, height))
        y += height


def _draw_sum(
    draw: ImageDraw.ImageDraw, spec: TotalSpec, total: ScoreTotal, box: tuple[float, float, float, float]
) -> None:
    left, top, width, height = box
    whole = total.assessed == total.planned
    number = number_words(total)
    if not number:
        lines = wrapped(gap_words(total), font(22), width - 16)
        lines = lines if len(lines) < 3 else [lines[0], fitted(" ".join(lines[1:]), font(22), width - 16)]
        for line, words in enumerate(lines):
            y = top + height / 2 + 26 * (line - (len(lines) - 1) / 2)
            write(draw, (left, y), words, font(22), STAMP_COLOUR, anchor="lm")
        return
    letters = font(round(height * 0.72), bold=True)
    write(draw, (left, top + height / 2), number, letters, LIGHT if whole else STAMP_COLOUR, anchor="lm")
    left += letters.getlength(number)
    of = font(round(height * 0.5))
    write(draw, (left, top + height / 2 + height * 0.07), f" / {spec.highest}", of, QUIET, anchor="lm")
    left += of.getlength(f" / {spec.highest}") + 18
    room = box[0] + width - left - 12
    for offset, words in ((-0.2, expected_words(total)), (0.22, f"{total.assessed} of {total.planned} graded")):
        small = font(22)
        colour = QUIET if whole or offset < 0 else STAMP_COLOUR
        write(draw, (left, top + height * (0.5 + offset)), fitted(words, small, room), small, colour, anchor="lm")
