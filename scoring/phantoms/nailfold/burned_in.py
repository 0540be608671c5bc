"""What the software of a microscope writes over a picture: names, dates, fingers, scale bars, arrows, distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import reportlab
from PIL import Image, ImageDraw, ImageFont

from scoring.phantoms.nailfold.phone_camera import Picture

COLOURS: Final = (
    *((255, 255, 255),) * 4, (0, 0, 0), (255, 255, 0), (255, 255, 0), (0, 255, 0), (0, 255, 0), (0, 255, 255),
    (255, 0, 0), (0, 0, 255), (255, 0, 255), (255, 140, 0),
)  # fmt: skip
"""As often as they are met: most lettering is white."""
_WORDS: Final = (
    "DOE, JANE", "Mustermann", "PHANTOM", "Patient 00417", "R4", "L3", "Left ring", "2 2024-03-11", "11.03.2024 10:22",
    "2021/12/05 14:07:59", "x200", "200x  R2", "Visit 2", "GOOD", "ID 7731-B", "nailfold left, 3rd", "11 / mm",
)  # fmt: skip
_FINE: Final = 3
"""Drawn so many times as large in both directions, then averaged."""
_FACES: Final = (None, "Vera.ttf", "VeraBd.ttf", "VeraIt.ttf")
"""None is Pillow's own, which lacks the µ."""
_FOLDER: Final = Path(reportlab.__file__).with_name("fonts")
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class BurnedIn:
    """``pixels`` with what was drawn over them; ``drawn`` (rows, columns): where that is."""

    pixels: Picture
    drawn: npt.NDArray[np.bool_]


def burned_in(pixels: Picture, draw: np.random.Generator) -> BurnedIn:
    """One to three things drawn over the picture: most at its edges, distances anywhere."""
    picture, drawn = pixels, np.zeros(pixels.shape[:2], np.bool_)
    for _ in range(int(draw.choice((1, 1, 2, 3)))):
        layer = _Layer(pixels.shape[:2], draw)
        layer.fill()
        picture = layer.over(picture)
        drawn |= layer.cover() > 0.1
    return BurnedIn(picture, drawn)


class _Layer:
    """One thing in one colour, at some place; some have an outline or stand on a plate."""

    def __init__(self, shape: tuple[int, int], draw: np.random.Generator) -> None:
        self._draw, self._shape = draw, shape
        rows, columns = shape
        self._ink = Image.new("L", (columns * _FINE, rows * _FINE))
        self._ground = Image.new("L", self._ink.size)
        self._colour = COLOURS[int(draw.integers(len(COLOURS)))]
        self._ground_colour = (0, 0, 0) if sum(self._colour) > 300 else (255, 255, 255)
        self._height = float(draw.uniform(max(9.0, 0.022 * rows), 0.07 * rows)) * _FINE
        face = int(draw.integers(len(_FACES)))
        self._font, self._unit = _font(face, self._height), "µm" if _FACES[face] else "um"
        self._outlined, self._plate = draw.random() < 0.25, draw.random() < 0.12

    def fill(self) -> None:
        """Draw one thing."""
        kinds = (self._word, self._word, self._word, self._scale_bar, self._scale_bar, self._arrow, self._distance)
        kinds[int(self._draw.integers(len(kinds)))]()

    def over(self, picture: Picture) -> Picture:
        """The picture under it."""
        for mask, colour in ((self._ground, self._ground_colour), (self._ink, self._colour)):
            cover = _averaged(mask)[..., None]
            picture = np.rint(picture * (1 - cover) + np.array(colour, np.float32) * cover).astype(np.uint8)
        return picture

    def cover(self) -> npt.NDArray[np.float32]:
        """(rows, columns), 0..1."""
        return np.maximum(_averaged(self._ink), _averaged(self._ground))

    def _word(self) -> None:
        text = _WORDS[int(self._draw.integers(len(_WORDS)))]
        x, y = self._place(self._font.getlength(text), self._height)
        self._write(x, y, text)

    def _scale_bar(self) -> None:
        columns, thick = self._ink.width, self._thick()
        length, high = columns * float(self._draw.uniform(0.07, 0.35)), 1.8 * self._height
        x, y = self._place(length, high)
        if self._draw.random() < 0.8:
            self._write(x, y, f"{int(self._draw.choice((50, 100, 200, 250, 500)))} {self._unit}")
        self._line((x, y + high, x + length, y + high), thick)
        if self._draw.random() < 0.6:
            for end in (x, x + length):
                self._line((end, y + high - self._height / 3, end, y + high + self._height / 3), thick)

    def _arrow(self) -> None:
        x, y = self._draw.uniform(0.1, 0.9, 2) * self._ink.size
        turn, length = float(self._draw.uniform(0, 2 * np.pi)), self._height * float(self._draw.uniform(2, 5))
        along, across = np.array((np.cos(turn), np.sin(turn))), np.array((-np.sin(turn), np.cos(turn)))
        tip = np.array((x, y))
        self._line((*tip, *(tip - length * along)), self._thick())
        head = [tip, *(tip - 0.8 * self._height * along + side * 0.4 * self._height * across for side in (-1, 1))]
        ImageDraw.Draw(self._ink).polygon([(float(a), float(b)) for a, b in head], fill=255)

    def _distance(self) -> None:
        x, y = self._draw.uniform(0.15, 0.85, 2) * self._ink.size
        turn, length = float(self._draw.uniform(0, np.pi)), self._ink.width * float(self._draw.uniform(0.02, 0.15))
        end = x + length * np.cos(turn), y + length * np.sin(turn)
        self._line((x, y, *end), self._thick())
        self._write(float(end[0]) + self._height / 2, float(end[1]), f"{self._draw.uniform(8, 90):.1f}")

    def _write(self, x: float, y: float, text: str) -> None:
        pens = ImageDraw.Draw(self._ink), ImageDraw.Draw(self._ground)
        if self._plate:
            gap = self._height / 3
            left, top, right, bottom = pens[1].textbbox((x, y), text, self._font)
            pens[1].rectangle((left - gap, top - gap, right + gap, bottom + gap), fill=255)
        elif self._outlined:
            pens[1].text((x, y), text, 255, self._font, stroke_width=_FINE)
        pens[0].text((x, y), text, 255, self._font)

    def _line(self, ends: Sequence[float], thick: float) -> None:
        if self._outlined:
            ImageDraw.Draw(self._ground).line(list(ends), 255, round(thick + 2 * _FINE))
        ImageDraw.Draw(self._ink).line(list(ends), 255, round(thick))

    def _thick(self) -> float:
        return _FINE * float(self._draw.uniform(1, max(2.0, 0.3 * self._height / _FINE)))

    def _place(self, width: float, height: float) -> tuple[float, float]:
        """Left and top; three of four stand near the upper or lower edge."""
        columns, rows = self._ink.size
        x = float(self._draw.uniform(0.01, 0.99)) * max(0.0, columns - width)
        if self._draw.random() < 0.75:
            return x, float(self._draw.choice((0.02 * rows, 0.97 * rows - 1.2 * height)))
        return x, float(self._draw.uniform(0.05, 0.9)) * (rows - 1.5 * height)


def _font(face: int, height: float) -> Font:
    name = _FACES[face]
    size = max(8, round(1.35 * height))  # capitals are about three quarters of a font's size
    return ImageFont.load_default(size) if name is None else ImageFont.truetype(_FOLDER / name, size)


def _averaged(mask: Image.Image) -> npt.NDArray[np.float32]:
    return np.asarray(mask.reduce(_FINE), np.float32) / np.float32(255)
