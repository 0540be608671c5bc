"""One photograph with what was found on it: lines of heat, loops, a scale; labels and legend below, nothing over it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from scoring.result import ScoreResult
from sr_templates.colour_map import INK
from sr_templates.heatmap_legend import RESEARCH_STAMP, STAMP_COLOUR, model_line
from sr_templates.isolines import ISOLINES, draw_isolines
from sr_templates.label_chips import chip_lines, draw_chips, line_height
from sr_templates.lettering import fitted, font, wrapped, write
from sr_templates.loop_drawing import GIANT, LOOP, draw_loops
from sr_templates.page_style import GROUND, LIGHT, QUIET
from sr_templates.picture_findings import PictureFindings

Points = npt.NDArray[np.float32]
_BARS_UM: Final = (500, 200, 100, 50)
_WIDEST_BAR: Final = 0.25
"""Of the picture's width."""


def draw_photograph(
    result: ScoreResult,
    findings: PictureFindings,
    source: Image.Image,
    heat: tuple[npt.NDArray[np.uint8], str],
    loops: Points,
    scales: tuple[float, float | None],
) -> npt.NDArray[np.uint8]:
    """RGB, as wide as ``source`` and higher by the words above and below it.

    ``heat``: a grid stretched over the picture, and what it is; ``loops``: (n, 3) x, y in pixels of the stored picture
    and diameter in µm; ``scales``: picture pixels for one stored pixel, and micrometres of skin to a picture pixel.
    """
    scale, um_per_px = scales
    photograph = source.convert("RGB")
    unit = max(12, round(0.0205 * float(np.sqrt(photograph.width * photograph.height))))
    draw_isolines(photograph, heat[0], unit / 7)
    draw_loops(photograph, loops, scale, unit)
    if um_per_px is not None:
        _draw_scale(photograph, um_per_px, unit)
    margin, small = unit // 2, max(11, round(unit * 0.78))
    width = photograph.width - 2 * margin
    said = [
        line
        for words in (
            " · ".join(findings.measured) or findings.why_not,
            *_small(result, heat[1]),
        )
        for line in wrapped(words, font(small), width)
    ]
    head = round(unit * 1.8)
    chips = len(chip_lines(findings.labels, unit, width)) * line_height(unit)
    foot = round(unit * 0.6 + chips + small * 1.7 + len(said) * small * 1.35 + unit * 0.4)
    page = Image.new("RGB", (photograph.width, head + photograph.height + foot), GROUND)
    page.paste(photograph, (0, head))
    _draw_head(page, findings, head, unit)
    y = draw_chips(page, (margin, head + photograph.height + unit * 0.6), findings.labels, unit, width)
    _draw_key(page, (margin, y), small, with_loops=bool(len(loops)), with_heat=bool(heat[0].size))
    y += small * 1.7
    for line in said:
        write(ImageDraw.Draw(page), (margin, y), line, font(small), LIGHT if line == said[0] else QUIET)
        y += small * 1.35
    return np.asarray(page, np.uint8)


def _small(result: ScoreResult, about: str) -> tuple[str, ...]:
    return tuple(filter(None, (about, result.statement, model_line(result))))


def _draw_head(page: Image.Image, findings: PictureFindings, head: int, unit: int) -> None:
    draw, bold = ImageDraw.Draw(page), font(unit, bold=True)
    margin = unit // 2
    write(draw, (page.width - margin, head / 2), RESEARCH_STAMP, bold, STAMP_COLOUR, anchor="rm")
    room = page.width - 3 * margin - bold.getlength(RESEARCH_STAMP)
    large = font(round(unit * 1.2), bold=True)
    write(draw, (margin, head / 2), fitted(findings.name, large, room), large, LIGHT, anchor="lm")


def _draw_scale(picture: Image.Image, um_per_px: float, unit: int) -> None:
    """A bar of a round length in the lower right corner."""
    room = picture.width * _WIDEST_BAR
    length = next((bar for bar in _BARS_UM if bar / um_per_px <= room), None)
    if length is None:
        return
    x1, y = picture.width - unit, picture.height - unit
    x0 = x1 - length / um_per_px
    draw, thick = ImageDraw.Draw(picture), max(2, unit // 6)
    draw.rectangle((x0 - 2, y - 2, x1 + 2, y + thick + 2), fill=INK)
    draw.rectangle((x0, y, x1, y + thick), fill=LOOP)
    write(draw, ((x0 + x1) / 2, y - unit * 0.35), f"{length} µm", font(unit, bold=True), LOOP, "ms", casing=INK)


def _draw_key(page: Image.Image, at: tuple[float, float], size: int, *, with_loops: bool, with_heat: bool) -> None:
    """What lines and rings mean, each shown as it is drawn."""
    draw, letters = ImageDraw.Draw(page), font(size)
    x, y = at[0], at[1] + size * 0.65
    if with_heat:
        for (_, colour), words in zip(ISOLINES, ("heat: some", "more", "most"), strict=True):
            draw.line((x, y, x + size * 1.4, y), fill=colour, width=max(2, size // 5))
            write(draw, (x + size * 1.7, y), words, letters, QUIET, anchor="lm")
            x += size * 2.5 + letters.getlength(words)
    if with_loops:
        for rings, colour, words in (((0.35,), LOOP, "capillary"), ((0.28, 0.62), GIANT, "giant, with its diameter")):
            for radius in rings:
                reach = size * radius
                middle = x + size * 0.6
                draw.ellipse((middle - reach, y - reach, middle + reach, y + reach), outline=colour, width=2)
            write(draw, (x + size * 1.5, y), words, letters, QUIET, anchor="lm")
            x += size * 2.4 + letters.getlength(words)
