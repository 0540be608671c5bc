"""Letters on pictures, of a typeface that travels with the software, so that every machine draws the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

from sr_templates.colour_map import Colour

_TYPEFACE: Final = Path(__file__).parent / "typeface"
_ALPHABET: Final = (
    (0x20, 0x7E),
    (0xA0, 0x17F),  # Latin with accents
    (0x384, 0x3CE),  # Greek
    (0x400, 0x45F),  # Cyrillic
    (0x2010, 0x2015),
    (0x2018, 0x201E),
)
_SIGNS: Final = "€№™•…≈≠≤≥−†‰"
"""What the typeface has: ranges of letters, and single signs."""


@lru_cache(maxsize=128)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The typeface at ``size`` pixels.

    Laid out letter by letter: the other engine is there or not depending on the machine, and kerns.
    """
    return ImageFont.truetype(typeface(bold), size, layout_engine=ImageFont.Layout.BASIC)


def typeface(bold: bool = False) -> Path:
    """The file of the typeface (TrueType)."""
    return _TYPEFACE / ("Roboto-Bold.ttf" if bold else "Roboto-Regular.ttf")


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    letters: ImageFont.FreeTypeFont,
    colour: Colour,
    anchor: str = "la",
    casing: Colour | None = None,
) -> None:
    """Write one line; ``anchor`` as Pillow names it, ``casing`` makes the letters stand out on anything."""
    words = drawable(words)
    if casing is not None:
        draw.text(at, words, font=letters, fill=casing, anchor=anchor, stroke_width=max(2.0, letters.size / 14))
    draw.text(at, words, font=letters, fill=colour, anchor=anchor)


def drawable(words: str) -> str:
    """``words`` in letters that the typeface has: other accents are dropped, anything else unknown becomes a ``?``.

    Only words of ours are drawn (labels, reasons, statements), never a name of a person.
    """
    drawn = []
    for letter in unicodedata.normalize("NFC", words):
        known = letter in _SIGNS or any(first <= ord(letter) <= last for first, last in _ALPHABET)
        plain = letter if known else unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        drawn.append(plain or "?")
    return "".join(drawn)


def largest_fitting(words: str, sizes: range, width: float, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The first of the sizes, from large to small, in which the words are no wider than ``width``; else the last."""
    letters = (font(size, bold) for size in sizes)
    return next((f for f in letters if f.getlength(words) <= width), font(sizes[-1], bold))


def wrapped(words: str, letters: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break ``words`` into lines no wider than ``width`` pixels; a single long word stays whole."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def fitted(words: str, letters: ImageFont.FreeTypeFont, width: float) -> str:
    """``words``, cut with an ellipsis where they are wider than ``width``."""
    while words and letters.getlength(words) > width:
        words = words[:-2].rstrip() + "…" if len(words) > 2 else ""
    return words
