"""Letters on pictures: the typeface that comes inside Pillow (Aileron, CC0), so that every machine draws the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from PIL import ImageDraw, ImageFont

from sr_templates.colour_map import Colour

_SPELT: Final = {"–": "-", "—": "-", "−": "-", "×": "x", "≤": "<=", "≥": ">=", "’": "'", "ß": "ss", "ø": "o", "æ": "ae"}
_DRAWN: Final = "·…"
"""Beyond ASCII, what the typeface has and we use."""


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The typeface at ``size`` pixels."""
    loaded = ImageFont.load_default(size)
    if not isinstance(loaded, ImageFont.FreeTypeFont):  # pragma: no cover - Pillow without FreeType has no wheel
        raise RuntimeError("Pillow was built without FreeType; install it from a wheel: pip install --force pillow")
    return loaded


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    letters: ImageFont.FreeTypeFont,
    colour: Colour,
    anchor: str = "la",
    bold: bool = False,
    casing: Colour | None = None,
) -> None:
    """Write one line; ``anchor`` as Pillow names it, ``casing`` makes the letters stand out on anything."""
    words = drawable(words)
    stroke = letters.size * 0.022 if bold else 0.0
    if casing is not None:
        draw.text(
            at, words, font=letters, fill=casing, anchor=anchor, stroke_width=stroke + max(2.0, letters.size / 14)
        )
    draw.text(at, words, font=letters, fill=colour, anchor=anchor, stroke_width=stroke, stroke_fill=colour)


def drawable(words: str) -> str:
    """``words`` in letters that the typeface has: accents are dropped, anything else unknown becomes a question mark.

    Only words of ours are drawn (labels, reasons, statements), never a name of a person.
    """
    drawn = []
    for letter in words:
        plain = _SPELT.get(letter, letter) if letter not in _DRAWN else letter
        if not plain.isascii() and plain not in _DRAWN:
            plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode() or "?"
        drawn.append(plain)
    return "".join(drawn)


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
