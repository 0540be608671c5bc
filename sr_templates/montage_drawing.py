"""All pictures of a visit on one page: hand by hand, finger by finger, each with its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from scoring.result import ScoreResult, Side
from scoring.spec import SystemSpec
from sr_templates.heatmap_legend import RESEARCH_STAMP, STAMP_COLOUR, model_line
from sr_templates.label_chips import chip_lines, draw_chips, line_height
from sr_templates.lettering import fitted, font, wrapped, write
from sr_templates.page_style import GROUND, LIGHT, MARGIN, PANEL, QUIET, RULE, WIDTH
from sr_templates.picture_findings import PictureFindings, picture_findings
from sr_templates.smooth_shapes import draw_rounded_box

THUMBNAIL: Final = (346, 260)
"""Columns and rows into which every picture is fitted; four stand beside each other."""
_ACROSS: Final = 4
_GAP: Final = 20
_PAD: Final = 10
_CELL: Final = (WIDTH - 2 * MARGIN - (_ACROSS - 1) * _GAP) // _ACROSS
_NAME: Final = 24
_SMALL: Final = 19
_HEAD: Final = 92
_HAND: Final = 62
_HANDS: Final = {"R": "Right hand", "L": "Left hand", None: "Pictures of which nobody said the side"}


def draw_montage(
    result: ScoreResult, spec: SystemSpec, photographs: Mapping[str, Image.Image]
) -> npt.NDArray[np.uint8]:
    """RGB, 1600 columns and as many rows as the pictures need; ``photographs`` by SOP Instance UID, where at hand."""
    hands = [(side, list(own)) for side, own in groupby(picture_findings(result, spec), lambda each: each.side)]
    said = [line for words in (result.statement, model_line(result)) for line in wrapped(words, font(_NAME), _room())]
    heights = {side: [_row_height(row) for row in _rows(own)] for side, own in hands}
    body = sum(_HAND + sum(rows) for rows in heights.values())
    page = Image.new("RGB", (WIDTH, round(_HEAD + body + 30 + len(said) * _NAME * 1.35 + 14)), GROUND)
    draw = ImageDraw.Draw(page)
    write(draw, (MARGIN, _HEAD / 2), _title(spec), font(34, bold=True), LIGHT, "lm")
    write(draw, (WIDTH - MARGIN, _HEAD / 2), RESEARCH_STAMP, font(34, bold=True), STAMP_COLOUR, "rm")
    y = float(_HEAD)
    for side, own in hands:
        _draw_hand_name(draw, side, own, y, spec)
        y += _HAND
        for row, height in zip(_rows(own), heights[side], strict=True):
            for column, findings in enumerate(row):
                at = (MARGIN + column * (_CELL + _GAP), y)
                _draw_cell(page, findings, photographs.get(findings.image), at, height - _GAP)
            y += height
    draw.line((MARGIN, y + 6, WIDTH - MARGIN, y + 6), fill=RULE, width=2)
    for number, line in enumerate(said):
        write(
            draw,
            (MARGIN, y + 18 + number * _NAME * 1.35),
            line,
            font(_NAME),
            STAMP_COLOUR if line in result.statement else QUIET,
        )
    return np.asarray(page, np.uint8)


def _title(spec: SystemSpec) -> str:
    return f"{spec.title.partition(':')[0]}: all pictures of the visit"


def _room() -> int:
    return WIDTH - 2 * MARGIN


def _rows(pictures: Sequence[PictureFindings]) -> list[Sequence[PictureFindings]]:
    return [pictures[first : first + _ACROSS] for first in range(0, len(pictures), _ACROSS)]


def _row_height(row: Sequence[PictureFindings]) -> float:
    return max(_words_height(findings) for findings in row) + THUMBNAIL[1] + 2 * _PAD + _NAME * 1.6 + _GAP


def _words_height(findings: PictureFindings) -> float:
    lines = len(_measured_lines(findings))
    return len(chip_lines(findings.labels, _SMALL, _inner())) * line_height(_SMALL) + lines * _SMALL * 1.35 + 4


def _inner() -> int:
    return _CELL - 2 * _PAD


def _measured_lines(findings: PictureFindings) -> list[str]:
    said = findings.measured or (findings.why_not,)
    return [line for words in said for line in wrapped(words, font(_SMALL), _inner())]


def _draw_hand_name(
    draw: ImageDraw.ImageDraw, side: Side | None, pictures: Sequence[PictureFindings], y: float, spec: SystemSpec
) -> None:
    """The hand, and which of its fingers are on no picture."""
    letters = font(30, bold=True)
    write(draw, (MARGIN, y + 36), _HANDS[side], letters, LIGHT, "lm")
    shown = {findings.site for findings in pictures}
    missing = [site.label.lower() for site in spec.sites if site.key not in shown and site.key != "UNKNOWN"]
    if side is not None and missing:
        x = MARGIN + letters.getlength(_HANDS[side]) + 24
        write(draw, (x, y + 37), f"no picture of {', '.join(missing)}", font(_NAME), QUIET, "lm")


def _draw_cell(
    page: Image.Image,
    findings: PictureFindings,
    photograph: Image.Image | None,
    at: tuple[float, float],
    height: float,
) -> None:
    """One picture over its name, its labels and its measures, on a panel."""
    x, y = at
    draw_rounded_box(page, (x, y, x + _CELL, y + height), 10, PANEL)
    if photograph is not None:
        shown = photograph.convert("RGB")
        shown.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
        page.paste(shown, (round(x + (_CELL - shown.width) / 2), round(y + _PAD + (THUMBNAIL[1] - shown.height) / 2)))
    draw, left = ImageDraw.Draw(page), x + _PAD
    y += _PAD + THUMBNAIL[1] + _NAME * 0.3
    write(draw, (left, y), fitted(findings.name, font(_NAME, bold=True), _inner()), font(_NAME, bold=True), LIGHT)
    y = draw_chips(page, (left, y + _NAME * 1.3), findings.labels, _SMALL, _inner())
    for line in _measured_lines(findings):
        write(draw, (left, y), line, font(_SMALL), LIGHT)
        y += _SMALL * 1.35
