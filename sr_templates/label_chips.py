"""Labels of a picture as chips: present ones filled, others in letters alone; words say it too, not colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from PIL import Image, ImageDraw

from sr_templates.colour_map import DAMAGE_COLOURS, INK, NOT_SCORED, PICTURE_FAULT, UNDAMAGED, Colour
from sr_templates.lettering import font, write
from sr_templates.picture_findings import Finding, State
from sr_templates.smooth_shapes import draw_rounded_box

_PADDING: Final = 0.4
_GAP: Final = 0.5
"""Within a chip, and between two, in sizes of the letters."""
_HEADS: Final[Mapping[State, str]] = {
    "picture_fault": "",
    "present": "",
    "absent": "absent: ",
    "not_assessed": "not assessed: ",
}
"""In the order in which they are drawn; said before the first of each."""
_FILLS: Final[Mapping[State, Colour]] = {"present": DAMAGE_COLOURS[1], "picture_fault": PICTURE_FAULT}
_LETTERS: Final[Mapping[State, Colour]] = {"absent": UNDAMAGED, "not_assessed": NOT_SCORED}


def chip_lines(labels: Sequence[Finding], size: int, width: float) -> list[list[Finding]]:
    """The labels, filled ones first, in lines no wider than ``width`` pixels."""
    lines: list[list[Finding]] = []
    room = 0.0
    for label in _headed(labels):
        needed = _width(label, size)
        if not lines or needed > room:
            lines.append([])
            room = width
        lines[-1].append(label)
        room -= needed + size * _GAP
    return lines


def _headed(labels: Sequence[Finding]) -> Iterator[Finding]:
    for state, head in _HEADS.items():
        for number, label in enumerate(label for label in labels if label.state == state):
            yield label if number else Finding(head + label.words, state)


def line_height(size: int) -> float:
    """Of one line of chips."""
    return size * 1.75


def draw_chips(
    picture: Image.Image, at: tuple[float, float], labels: Sequence[Finding], size: int, width: float
) -> float:
    """Draw the lines from ``at`` downwards; the row below them."""
    y = at[1]
    for line in chip_lines(labels, size, width):
        x = at[0]
        for label in line:
            _draw_chip(picture, (x, y), label, size)
            x += _width(label, size) + size * _GAP
        y += line_height(size)
    return y


def _width(label: Finding, size: int) -> float:
    filled = label.state in _FILLS
    letters = font(size, bold=filled).getlength(label.words)
    return letters + size * (2 * _PADDING if filled else 0)


def _draw_chip(picture: Image.Image, at: tuple[float, float], label: Finding, size: int) -> None:
    (x, y), fill = at, _FILLS.get(label.state)
    if fill:
        draw_rounded_box(picture, (x, y, x + _width(label, size), y + size * 1.45), size * 0.4, fill)
    left = x + (size * _PADDING if fill else 0)
    letters, colour = font(size, bold=fill is not None), _LETTERS.get(label.state, INK)
    write(ImageDraw.Draw(picture), (left, y + size * 0.725), label.words, letters, colour, anchor="lm")
