"""The frames of a multi-frame picture: a whole film made to fit, or one joint enlarged, with its name and grades."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from scoring.result import Box
from sr_templates.colour_map import INK, damage_colour
from sr_templates.heatmap_legend import RESEARCH_STAMP, STAMP_COLOUR
from sr_templates.lettering import fitted, font, write
from sr_templates.page_style import GROUND, LIGHT
from sr_templates.site_marks import SiteMark
from sr_templates.smooth_shapes import draw_rounded_box

FRAME_SIDE: Final = 448
"""Rows and columns of every frame: 24 frames are 14 MB, and 2 MB without loss."""
_CAPTION: Final = 56
_STAMP: Final = 28
_AROUND: Final = 1.3
"""So much of the film is shown, in sizes of the joint's box: what lies next to it is needed to judge it."""


def film_frame(film: Image.Image) -> Image.Image:
    """The whole picture, as large as fits."""
    scale = FRAME_SIDE / max(film.size)
    size = (max(1, round(film.width * scale)), max(1, round(film.height * scale)))
    frame = Image.new("RGB", (FRAME_SIDE, FRAME_SIDE), GROUND)
    small = film.resize(size, Image.Resampling.LANCZOS)
    frame.paste(small, ((FRAME_SIDE - size[0]) // 2, (FRAME_SIDE - size[1]) // 2))
    return frame


def joint_frame(film: Image.Image, mark: SiteMark) -> Image.Image:
    """The joint between a caption and the stamp; nothing is drawn over the bone. ``mark``: on the film's own grid."""
    frame = Image.new("RGB", (FRAME_SIDE, FRAME_SIDE), GROUND)
    height = FRAME_SIDE - _CAPTION - _STAMP
    x0, y0, x1, y1 = (round(v) for v in _around(mark.box, FRAME_SIDE / height))
    inside = film.crop((x0, y0, x1, y1))  # black where the film ends
    frame.paste(inside.resize((FRAME_SIDE, height), Image.Resampling.BICUBIC), (0, _CAPTION))
    draw = ImageDraw.Draw(frame)
    letters = font(36, bold=True)
    colour = damage_colour(mark.share)
    width = letters.getlength(mark.grades) + 24
    chip = (FRAME_SIDE - width - 6, 6, FRAME_SIDE - 6, _CAPTION - 6)
    if mark.share:
        draw_rounded_box(frame, chip, 8, colour)
    middle = ((chip[0] + chip[2]) / 2, _CAPTION / 2)
    write(draw, middle, mark.grades, letters, INK if mark.share else colour, anchor="mm")
    name = fitted(f"{mark.side or ''} {mark.name}".strip(), letters, chip[0] - 16)
    write(draw, (10, _CAPTION / 2), name, letters, LIGHT, anchor="lm")
    write(draw, (10, FRAME_SIDE - _STAMP / 2), RESEARCH_STAMP, font(19, bold=True), STAMP_COLOUR, anchor="lm")
    return frame


def _around(box: Box, shape: float) -> Box:
    """The box widened, of the given width for its height, with the same middle."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    high = max(box[3] - box[1], (box[2] - box[0]) / shape) * _AROUND
    return x - high * shape / 2, y - high / 2, x + high * shape / 2, y + high / 2
