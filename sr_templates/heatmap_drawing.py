"""The heatmap as a picture: the film, heat over it, a box and a label for every site, a legend. Never a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import typing as npt
from PIL import Image, ImageDraw, ImageFont

from scoring.image import Grey
from scoring.result import Box, Heatmap, ScoreItem, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.colour_map import Colour, damage_colour, heat_colours, heat_opacity
from sr_templates.heatmap_legend import draw_legend
from sr_templates.label_layout import PlacedLabel, crowds, place_labels
from sr_templates.lettering import font, write

_INK: Colour = (14, 15, 18)


@dataclass(frozen=True, slots=True)
class _Mark:
    """One site to be drawn: its box on the picture, its label, and how damaged it is (None: not scored)."""

    box: Box
    label: str
    share: float | None


def display_grey(pixels: Grey) -> Image.Image:
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
    picture = _with_heat(source.convert("RGB"), grid)
    draw = ImageDraw.Draw(picture)
    unit = max(11, round(0.0205 * (picture.width * picture.height) ** 0.5))
    marks = _marks(result, spec, heatmap.image, scale, unit)
    top, bottom = draw_legend(picture, result, heatmap, unit, [mark.box for mark in marks])
    _draw_sides(draw, result, heatmap.image, scale, unit, top)
    _draw_marks(draw, marks, (0.0, float(top), float(picture.width), float(bottom)), unit)
    return np.asarray(picture, np.uint8)


def _with_heat(picture: Image.Image, grid: npt.NDArray[np.uint8]) -> Image.Image:
    heat = np.asarray(Image.fromarray(grid).resize(picture.size, Image.Resampling.BICUBIC), np.uint8)
    colours = Image.fromarray(heat_colours()[heat])
    return Image.composite(colours, picture, Image.fromarray(heat_opacity()[heat]))


def _marks(result: ScoreResult, spec: SystemSpec, image: str, scale: float, unit: int) -> list[_Mark]:
    by_site: dict[tuple[str | None, str], list[ScoreItem]] = {}
    for item in result.items:
        if item.image == image and item.region is not None:
            by_site.setdefault((item.side, item.site), []).append(item)
    hand_boxes = {hand.box for hand in result.hands}
    kept = [(site, items) for (_, site), items in by_site.items() if items[0].region not in hand_boxes]
    boxes = [_scaled(items[0].region, scale) for _, items in kept if items[0].region is not None]
    crowded = {index for crowd in crowds(boxes, _label_height(unit)) for index in crowd}
    return [
        _Mark(box, _label(spec, site, items, named=n in crowded), _damage(spec, items))
        for n, (box, (site, items)) in enumerate(zip(boxes, kept, strict=True))
    ]


def _scaled(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = ((v + 0.5) * scale - 0.5 for v in box)
    return x0, y0, x1, y1


def _label(spec: SystemSpec, site: str, items: Sequence[ScoreItem], named: bool) -> str:
    """``E2 N1``; a dash for what was not scored; the site's name in front where boxes crowd."""
    order = spec.site(site).items
    grades = [
        f"{spec.item(item.item).label[0]}{'-' if item.grade is None else item.grade}"
        for item in sorted(items, key=lambda i: order.index(i.item))
    ]
    return " ".join(([site[:4]] if named else []) + grades)


def _damage(spec: SystemSpec, items: Sequence[ScoreItem]) -> float | None:
    shares = [item.grade / spec.item(item.item).highest for item in items if item.grade is not None]
    return max(shares) if shares else None


def _padding(unit: int) -> int:
    return max(2, unit // 5)


def _label_height(unit: int) -> float:
    return unit * 1.02 + _padding(unit)


def _draw_marks(draw: ImageDraw.ImageDraw, marks: Sequence[_Mark], canvas: Box, unit: int) -> None:
    """Undamaged sites first, so that the lines of damaged ones lie on top."""
    letters = font(unit)
    pad = _padding(unit)
    sizes = [(letters.getlength(m.label) + 2 * pad, _label_height(unit)) for m in marks]
    places = place_labels([m.box for m in marks], sizes, canvas, gap=pad)
    order = sorted(range(len(marks)), key=lambda n: marks[n].share or 0)
    for index in order:
        _draw_box(draw, marks[index], unit)
    for index in order:
        if places[index].leader is not None:
            _draw_leader(draw, places[index], marks[index], unit)
    for index in order:
        _draw_label(draw, marks[index], places[index], letters, unit)


def _draw_box(draw: ImageDraw.ImageDraw, mark: _Mark, unit: int) -> None:
    width = max(1, round(unit / 14 * (1 + 2 * (mark.share or 0))))
    x0, y0, x1, y1 = mark.box
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=_INK, width=width + 2)
    draw.rectangle((x0, y0, x1, y1), outline=damage_colour(mark.share), width=width)


def _draw_leader(draw: ImageDraw.ImageDraw, place: PlacedLabel, mark: _Mark, unit: int) -> None:
    width = max(1, unit // 16)
    if place.leader is not None:
        draw.line(place.leader, fill=_INK, width=width + 2)
        draw.line(place.leader, fill=damage_colour(mark.share), width=width)
        x, y, dot = place.leader[2], place.leader[3], max(2, unit // 8)
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=damage_colour(mark.share), outline=_INK)


def _draw_label(
    draw: ImageDraw.ImageDraw, mark: _Mark, place: PlacedLabel, letters: ImageFont.FreeTypeFont, unit: int
) -> None:
    """Damaged: dark letters on the colour; undamaged and not scored: coloured letters on dark."""
    colour = damage_colour(mark.share)
    damaged = bool(mark.share)
    draw.rounded_rectangle(place.box, radius=unit // 5, fill=colour if damaged else _INK, outline=_INK)
    middle = ((place.box[0] + place.box[2]) / 2, (place.box[1] + place.box[3]) / 2)
    write(draw, middle, mark.label, letters, _INK if damaged else colour, anchor="mm", bold=damaged)


def _draw_sides(draw: ImageDraw.ImageDraw, result: ScoreResult, image: str, scale: float, unit: int, top: int) -> None:
    """The side as the software read it, at the upper outer corner of each hand; ``?`` when the header disagrees."""
    for hand in result.hands:
        if hand.image == image:
            x0, y0, _, _ = _scaled(hand.box, scale)
            letter = f"{hand.side}{'?' if hand.header_disagrees else ''}"
            at = (max(x0, unit * 0.4), max(y0, top + unit * 0.4))
            write(draw, at, letter, font(unit * 2), (240, 240, 240), anchor="la", bold=True, casing=_INK)
