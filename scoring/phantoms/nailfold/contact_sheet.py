"""Nailfold phantoms side by side, for the eye: ``python -m scoring.phantoms.nailfold.contact_sheet --out PICTURE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from PIL import Image

from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.pattern import PATTERNS
from scoring.phantoms.nailfold.view import ASPECT

TONES: Final = (1.5, 4.0, 6.5, 9.5)
_CELL: Final = 300
_GAP: Final = 3


def main() -> None:
    """Parse the command line, draw, write one picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the picture to write")
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args()
    sheet(chosen.seed).save(chosen.out, quality=80, optimize=True)


def sheet(seed: int) -> Image.Image:
    """A column a pattern, a row a skin tone, and a last row of pictures too blurry; seeds in a row, uncurated."""
    height = round(ASPECT * _CELL)
    page = Image.new("RGB", (len(PATTERNS) * (_CELL + _GAP), (len(TONES) + 1) * (height + _GAP)), "white")
    for row in range(len(TONES) + 1):
        for column, pattern in enumerate(PATTERNS):
            blurry = row == len(TONES)
            patient = draw_patient(seed + row * len(PATTERNS) + column, pattern, None if blurry else TONES[row])
            phantom = draw_nailfold(patient, "R", "RING", columns=2 * _CELL, too_blurry=blurry)
            cell = Image.fromarray(phantom.pixels).resize((_CELL, height), Image.Resampling.LANCZOS)
            page.paste(cell, (column * (_CELL + _GAP), row * (height + _GAP)))
    return page


if __name__ == "__main__":
    main()
