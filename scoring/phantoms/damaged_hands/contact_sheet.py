"""Joints before and after damage was drawn in: ``python -m scoring.phantoms.damaged_hands.contact_sheet``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.labelled_images import read_film
from scoring.phantoms.damaged_hands.damaged_hand import DamagedHand, damage_hand
from scoring.phantoms.damaged_hands.joint_line import frame_of_site
from scoring.phantoms.damaged_hands.real_hand import Grey, RealHand, real_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades
from scoring.pixel_decoding import PixelDecoder

SITES_SHOWN: Final = ("PIP2", "PIP3", "PIP4", "MCP2", "MCP3", "MCP4", "MC1B", "ULNA", "CMC3", "RC")
_CELL: Final = 104
_HALF_MM: Final = 10.5
_SEVERITY: Final = 0.6


def main() -> None:
    """Parse the command line, draw, write one picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, nargs="+", required=True, help="films of hands without arthritis")
    parser.add_argument("--out", type=Path, required=True, help="the picture to write")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    finder = HandFinder.open()
    with PixelDecoder() as decoder:
        films = [(path.stem, read_film(path, decoder)) for path in chosen.films]
    hands = [real_hand(name, pixels, finder.find(pixels).hands[0]) for name, pixels in films]
    sheet(hands, chosen.seed).save(chosen.out, quality=58, optimize=True)


def sheet(hands: list[RealHand], seed: int) -> Image.Image:
    """Two rows a hand, as filmed and drawn into; the caption gives the grades of erosion and narrowing."""
    page = Image.new("L", (_CELL * len(SITES_SHOWN), 2 * _CELL * len(hands)))
    for number, hand in enumerate(hands):
        damaged = damage_hand(hand, course_of_grades(seed + number, 1, _SEVERITY), seed + number)
        for column, site in enumerate(SITES_SHOWN):
            before, after = _views(hand, damaged, site)
            page.paste(_captioned(before, site), (column * _CELL, 2 * number * _CELL))
            page.paste(_captioned(after, _grades(damaged, site)), (column * _CELL, (2 * number + 1) * _CELL))
    return page


def _views(hand: RealHand, damaged: DamagedHand, site: str) -> tuple[Grey, Grey]:
    """The joint on both films, in one contrast."""
    line = np.linspace(_HALF_MM, -_HALF_MM, _CELL - 2)
    places = np.meshgrid(line, -line, indexing="ij")
    before, after = (frame_of_site(hand, site).sampled(film, *places) for film in (hand.pixels, damaged.pixels))
    low, high = np.percentile(before, (2, 99.8))
    return (before - low) / (high - low), (after - low) / (high - low)


def _captioned(view: Grey, caption: str) -> Image.Image:
    cell = Image.fromarray((np.clip(view, 0, 1) * 255).astype(np.uint8))
    ImageDraw.Draw(cell).text((2, 0), caption, fill=255, stroke_width=1, stroke_fill=0)
    return cell


def _grades(damaged: DamagedHand, site: str) -> str:
    parts = [f"{item[0].upper()}{grade}" for (at, item), grade in damaged.grades.items() if at == site and grade]
    parts += ["spur"] * (site in damaged.spurs) + ["subluxed"] * (site in damaged.subluxed)
    return " ".join(parts) or "none"


if __name__ == "__main__":
    main()
