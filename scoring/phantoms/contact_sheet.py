"""Phantoms side by side, for the eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from scoring.phantoms.hand import HandPhantom, draw_hand


def contact_sheet(phantoms: Sequence[HandPhantom], columns: int = 6, cell: tuple[int, int] = (300, 380)) -> Image.Image:
    """The films of ``phantoms`` on black in reading order, each fitted into ``cell`` (width, height) pixels."""
    rows = -(-len(phantoms) // columns)
    sheet = Image.new("L", (columns * cell[0], rows * cell[1]))
    for index, phantom in enumerate(phantoms):
        film = Image.fromarray(np.rint(phantom.pixels * 255).astype(np.uint8))
        film.thumbnail((cell[0] - 6, cell[1] - 6), Image.Resampling.LANCZOS)
        row, column = divmod(index, columns)
        left = column * cell[0] + (cell[0] - film.width) // 2
        sheet.paste(film, (left, row * cell[1] + (cell[1] - film.height) // 2))
    return sheet


def sample_sheet(first_seed: int = 0, count: int = 12) -> Image.Image:
    """The sheet of consecutive seeds, uncurated; docs/pictures/phantom_hands.jpg is ``sample_sheet(2026)``."""
    return contact_sheet([draw_hand(first_seed + i) for i in range(count)])
