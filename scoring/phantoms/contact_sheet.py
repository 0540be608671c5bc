"""Phantoms side by side, for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image

from scoring.phantoms.hand import HandPhantom, draw_hand

_COLUMNS: Final = 6
_CELL: Final = (300, 380)
"""Width and height in pixels."""


def contact_sheet(phantoms: Sequence[HandPhantom]) -> Image.Image:
    """The films of ``phantoms`` on black in reading order."""
    rows = -(-len(phantoms) // _COLUMNS)
    sheet = Image.new("L", (_COLUMNS * _CELL[0], rows * _CELL[1]))
    for index, phantom in enumerate(phantoms):
        film = Image.fromarray(np.rint(phantom.pixels * 255).astype(np.uint8))
        film.thumbnail((_CELL[0] - 6, _CELL[1] - 6), Image.Resampling.LANCZOS)
        row, column = divmod(index, _COLUMNS)
        left = column * _CELL[0] + (_CELL[0] - film.width) // 2
        sheet.paste(film, (left, row * _CELL[1] + (_CELL[1] - film.height) // 2))
    return sheet


def sample_sheet(first_seed: int = 0, count: int = 12) -> Image.Image:
    """The sheet of consecutive seeds, uncurated; docs/pictures/phantom_hands.jpg is ``sample_sheet(2026)``."""
    return contact_sheet([draw_hand(first_seed + i) for i in range(count)])
