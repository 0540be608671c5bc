"""A sheet of A4 that is written on from the top: letters of our own typeface, the same bytes on any day and machine."""

from __future__ import annotations

import io
from functools import cache
from typing import Final

from PIL import Image
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from sr_templates.colour_map import Colour
from sr_templates.lettering import drawable, typeface

WIDTH: Final[float] = A4[0]
HEIGHT: Final[float] = A4[1]
"""Points, 1/72 inch. All places here count from the upper left corner, as on our pictures."""
MARGIN: Final = 46.0

BLACK: Final[Colour] = (20, 22, 26)
QUIET: Final[Colour] = (92, 98, 108)
RULE: Final[Colour] = (196, 200, 207)
STRIPE: Final[Colour] = (244, 245, 248)
PANEL: Final[Colour] = (236, 239, 244)
WARNING: Final[Colour] = (164, 74, 0)
"""On white; the contrast of every letter is 4.5 or more (WCAG 2.1, 1.4.3)."""


class Paper:
    """A PDF that is written page by page; ``content`` ends it. Text can be searched, its typeface travels along.

    Nothing is compressed but pictures: two versions of zlib may give other bytes for the same page.
    """

    def __init__(self, title: str, subject: str, made_by: str, made_at: str) -> None:
        """``made_at``: UTC, ISO 8601 with whole seconds; what the file says of its making."""
        self._buffer = io.BytesIO()
        self._canvas = Canvas(
            self._buffer,
            pagesize=A4,
            pageCompression=0,
            invariant=1,
            lang="en",
            pdfVersion=(1, 4),
            initialFontName=_face(bold=False),
        )
        self._canvas.setTitle(drawable(title))
        self._canvas.setSubject(drawable(subject))
        digits = "".join(letter for letter in made_at if letter.isdigit())
        self._canvas.setDateFormatter(lambda *_: f"D:{digits}Z")
        for describe in (self._canvas.setAuthor, self._canvas.setCreator, self._canvas.setProducer):
            describe(made_by)

    def write(
        self, at: tuple[float, float], words: str, size: float, colour: Colour, anchor: str = "l", bold: bool = False
    ) -> None:
        """One line with its base line at ``at``; ``anchor``: l, m or r, which part of the line is there."""
        words = drawable(words)
        x = at[0] - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor] * width_of(words, size, bold)
        self._canvas.setFillColorRGB(*_share(colour))
        self._canvas.setFont(_face(bold), size)
        self._canvas.drawString(x, HEIGHT - at[1], words)

    def box(self, box: tuple[float, float, float, float], colour: Colour, radius: float = 0.0) -> None:
        """A filled box of left, top, right, bottom."""
        left, top, right, bottom = box
        self._canvas.setFillColorRGB(*_share(colour))
        self._canvas.roundRect(left, HEIGHT - bottom, right - left, bottom - top, radius, stroke=0, fill=1)

    def rule(self, y: float, left: float = MARGIN, right: float = WIDTH - MARGIN) -> None:
        """A thin line across."""
        self._canvas.setStrokeColorRGB(*_share(RULE))
        self._canvas.setLineWidth(0.7)
        self._canvas.line(left, HEIGHT - y, right, HEIGHT - y)

    def picture(self, jpeg: bytes, box: tuple[float, float, float, float]) -> None:
        """A JPEG, its bytes taken over as they are, stretched over the box."""
        left, top, right, bottom = box
        before, rl_config.useA85 = rl_config.useA85, 0
        try:
            reader = ImageReader(io.BytesIO(jpeg))
            self._canvas.drawImage(reader, left, HEIGHT - bottom, right - left, bottom - top)
        finally:
            rl_config.useA85 = before

    def next_page(self) -> None:
        """Ends the page."""
        self._canvas.showPage()

    def content(self) -> bytes:
        """The whole file; nothing can be written afterwards."""
        self._canvas.save()
        return self._buffer.getvalue()


def width_of(words: str, size: float, bold: bool = False) -> float:
    """Points."""
    return float(pdfmetrics.stringWidth(drawable(words), _face(bold), size))


def broken(words: str, size: float, width: float, bold: bool = False) -> list[str]:
    """``words`` in lines no wider than ``width``; a single long word stays whole."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def largest_size(words: str, sizes: tuple[float, float], width: float, bold: bool = False) -> float:
    """The largest size between the two, in which the words are no wider than ``width``; else the smaller one."""
    smallest, largest = sizes
    natural = width_of(words, largest, bold)
    return largest if natural <= width else max(smallest, largest * width / natural)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """The picture without loss of colour resolution: letters on it stay sharp."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


@cache
def _face(bold: bool) -> str:
    """Our typeface under a name that the PDF library knows."""
    name = "rheumascore-bold" if bold else "rheumascore"
    pdfmetrics.registerFont(TTFont(name, str(typeface(bold))))
    return name


def _share(colour: Colour) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255
