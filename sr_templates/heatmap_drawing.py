"""The heatmap as a picture: the film, heat over it, a box and a label for every site, a legend. Never a name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy import typing as npt
from PIL import Image, ImageDraw

from scoring.image import Grey
from scoring.result import Box, Heatmap, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.colour_map import INK, Colour, damage_colour, heat_colours, heat_opacity
from sr_templates.heatmap_legend import draw_legend
from sr_templates.label_layout import PlacedLabel, crowds, place_labels
from sr_templates.lettering import font, write
from sr_templates.site_marks import SiteMark, scaled, site_marks
from sr_templates.smooth_shapes import draw_line, draw_rounded_box

_SIDE_LETTER: Final[Colour] = (240, 240, 240)
_LOUDER: Final = 1.4
"""Labels of damage are so much larger than others: they must be read when the picture is shown at a quarter."""


def display_picture(pixels: Grey) -> Image.Image:
    """The source as an 8-bit picture, grey or RGB as it came."""
    return Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def draw_heatmap(
    result: ScoreResult,
    spec: SystemSpec,
    heatmap: Heatmap,
    source: Image.Image,
    grid: npt.NDArray[np.uint8],
    scale: float,
) -> npt.NDArray[np.uint8]:
    """RGB of ``source``'s size. ``grid`` is stretched over it; ``scale``: picture pixels for one source pixel."""
    picture = with_heat(source, grid)
    unit = letter_unit(picture)
    marks = site_marks(result, spec, heatmap.image, scale)
    top, bottom = draw_legend(picture, result, spec, heatmap, unit, [mark.box for mark in marks])
    letters = _draw_sides(picture, result, heatmap.image, scale, unit, top)
    _draw_marks(picture, marks, (0.0, float(top), float(picture.width), float(bottom)), unit, letters)
    return np.asarray(picture, np.uint8)


def letter_unit(picture: Image.Image) -> int:
    """Size of the letters on a picture, in pixels; everything else that is drawn is measured in it."""
    return max(11, round(0.0205 * math.sqrt(picture.width * picture.height)))


def with_heat(source: Image.Image, grid: npt.NDArray[np.uint8]) -> Image.Image:
    """The source in RGB with the heat over it; only the part that is hot anywhere is worked on."""
    picture = source.convert("RGB")
    ys, xs = np.nonzero(heat_opacity()[grid])
    if not ys.size:
        return picture
    # Two cells more on each side: so far does the interpolation reach.
    rows, columns = grid.shape
    x0, y0 = max(0, int(xs.min()) - 2), max(0, int(ys.min()) - 2)
    x1, y1 = min(columns, int(xs.max()) + 3), min(rows, int(ys.max()) + 3)
    across, down = picture.width / columns, picture.height / rows
    left, top, right, bottom = round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)
    part = (left / across, top / down, right / across, bottom / down)
    stretched = Image.fromarray(grid).resize((right - left, bottom - top), Image.Resampling.BICUBIC, box=part)
    heat = np.asarray(stretched, np.uint8)
    picture.paste(Image.fromarray(heat_colours()[heat]), (left, top), Image.fromarray(heat_opacity()[heat]))
    return picture


def _draw_marks(
    picture: Image.Image, marks: Sequence[SiteMark], canvas: Box, unit: int, occupied: Sequence[Box]
) -> None:
    """Undamaged sites first, so that what is drawn for damage lies on top; sites in a crowd are named."""
    boxes = [mark.box for mark in marks]
    found = crowds(boxes, unit * 1.2)
    crowded = {index for crowd in found for index in crowd}
    labels = [f"{m.name} {m.grades}" if n in crowded else m.grades for n, m in enumerate(marks)]
    pad = _padding(unit)
    fonts = [font(_size(mark, unit), bold=bool(mark.share)) for mark in marks]
    sizes = [(f.getlength(w) + 2 * pad, _size(m, unit) + pad) for f, w, m in zip(fonts, labels, marks, strict=True)]
    places = place_labels(boxes, sizes, found, canvas, pad, occupied)
    order = sorted(range(len(marks)), key=lambda n: marks[n].share or 0)
    for index in order:
        _draw_box(ImageDraw.Draw(picture), marks[index], unit)
    for index in order:
        _draw_leader(picture, places[index], damage_colour(marks[index].share), unit)
    for index in order:
        _draw_label(picture, marks[index], labels[index], places[index], unit)


def _size(mark: SiteMark, unit: int) -> int:
    return round(unit * _LOUDER) if mark.share else unit


def _padding(unit: int) -> int:
    return max(2, unit // 5)


def _draw_box(draw: ImageDraw.ImageDraw, mark: SiteMark, unit: int) -> None:
    """A whole frame around damage, wider the worse; only its corners where there is none, to leave the bone in view."""
    colour = damage_colour(mark.share)
    width = max(1, round(unit / 11 * (1 + mark.share))) if mark.share else max(1, round(unit / 14))
    x0, y0, x1, y1 = (round(v) for v in mark.box)
    if mark.share:
        draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=INK, width=width + 2)
        draw.rectangle((x0, y0, x1, y1), outline=colour, width=width)
        return
    arm = max(4, round((x1 - x0) / 6))
    for ink, wide in ((INK, width + 2), (colour, width)):
        for x, across in ((x0, 1), (x1, -1)):
            for y, down in ((y0, 1), (y1, -1)):
                edge = (wide - width) // 2
                _draw_corner(draw, (x - across * edge, y - down * edge), (across, down), arm + 2 * edge, wide, ink)


def _draw_corner(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], inwards: tuple[int, int], arm: int, width: int, colour: Colour
) -> None:
    (x, y), (across, down) = at, inwards
    for far_x, far_y in ((arm, width), (width, arm)):
        xs, ys = sorted((x, x + across * (far_x - 1))), sorted((y, y + down * (far_y - 1)))
        draw.rectangle((xs[0], ys[0], xs[1], ys[1]), fill=colour)


def _draw_leader(picture: Image.Image, place: PlacedLabel, colour: Colour, unit: int) -> None:
    if place.leader is not None:
        width, dot = max(1.5, unit / 14), unit / 7
        draw_line(picture, place.leader, width + 2, INK, dot + 1)
        draw_line(picture, place.leader, width, colour, dot)


def _draw_label(picture: Image.Image, mark: SiteMark, words: str, place: PlacedLabel, unit: int) -> None:
    """Damaged: dark letters on the colour; undamaged and not scored: coloured letters on dark."""
    colour = damage_colour(mark.share)
    x0, y0, x1, y1 = place.box
    if mark.share:
        draw_rounded_box(picture, (x0 - 1, y0 - 1, x1 + 1, y1 + 1), unit / 5 + 1, INK)
    draw_rounded_box(picture, place.box, unit / 5, colour if mark.share else INK)
    letters = font(_size(mark, unit), bold=bool(mark.share))
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    write(ImageDraw.Draw(picture), middle, words, letters, INK if mark.share else colour, anchor="mm")


def _draw_sides(picture: Image.Image, result: ScoreResult, image: str, scale: float, unit: int, top: int) -> list[Box]:
    """The side as the software read it, at the upper outer corner of each hand; ``?`` when the header disagrees.

    Returns the boxes of the letters.
    """
    letters, boxes = font(unit * 2, bold=True), []
    for hand in result.hands:
        if hand.image == image:
            x0, y0, _, _ = scaled(hand.box, scale)
            words = f"{hand.side}{'?' if hand.header_disagrees else ''}"
            x, y = max(x0, unit * 0.4), max(y0, top + unit * 0.4)
            write(ImageDraw.Draw(picture), (x, y), words, letters, _SIDE_LETTER, casing=INK)
            boxes.append((x, y, x + letters.getlength(words), y + unit * 2.2))
    return boxes
