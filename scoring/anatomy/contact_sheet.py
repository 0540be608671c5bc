"""Draw the found sites on every film of a folder, uncurated: ``python -m scoring.anatomy.contact_sheet``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from rich.progress import track

from scoring.anatomy.found_hand import FoundHand, HandSearch
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.training_pictures import grey
from scoring.networks.torch_start import start_torch

CELL: Final = (296, 400)
COLUMNS: Final = 9
_COLOURS: Final = {"PIP": "#ffd24a", "IP1": "#ffd24a", "MCP": "#5fd0ff", "CMC": "#ff7ad1"}
_OTHER_COLOUR: Final = "#8dff7a"


def main() -> None:
    """Parse the command line, search every film, write one JPEG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, required=True, help="folder of PNG films, e.g. images_full")
    parser.add_argument("--out", type=Path, required=True, help="the JPEG to write")
    chosen = parser.parse_args()
    start_torch()
    sheet(HandFinder.open(), sorted(chosen.films.glob("*.png"))).save(chosen.out, quality=70, optimize=True)


def sheet(finder: HandFinder, films: list[Path]) -> Image.Image:
    """All films in rows, each with what was found on it."""
    rows = -(-len(films) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * CELL[0], rows * CELL[1]), "black")
    for index, path in enumerate(track(films, "films")):
        pixels = grey(path)
        cell = drawn(path.stem, pixels, finder.find(pixels))
        page.paste(cell, (index % COLUMNS * CELL[0], index // COLUMNS * CELL[1]))
    return page


def drawn(name: str, pixels: npt.NDArray[np.float32], search: HandSearch) -> Image.Image:
    """One film in its cell: the name, the side, how many quarter turns, and every site with its colour."""
    low, high = np.percentile(pixels, (1, 99.5))
    shown = (np.clip((pixels - low) / max(high - low, 1e-3), 0, 1) * 255).astype(np.uint8)
    film = Image.fromarray(shown).convert("RGB")
    rows, columns = pixels.shape
    scale = min((CELL[0] - 4) / columns, (CELL[1] - 18) / rows)
    film = film.resize((max(1, round(columns * scale)), max(1, round(rows * scale))), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(film)
    for hand in search.hands:
        _draw_sites(pen, hand, scale)
    cell = Image.new("RGB", CELL, "black")
    cell.paste(film, (2, 16))
    ImageDraw.Draw(cell).text((4, 2), _caption(name, search), fill="white" if search.is_hand else "#ff5050")
    return cell


def _draw_sites(pen: ImageDraw.ImageDraw, hand: FoundHand, scale: float) -> None:
    for site, found in hand.sites.items():
        x, y = (found.x + 0.5) * scale, (found.y + 0.5) * scale
        colour = _COLOURS.get(site[:3], _OTHER_COLOUR)
        if found.status == "found":
            pen.ellipse((x - 2.2, y - 2.2, x + 2.2, y + 2.2), outline=colour)
        else:
            pen.line((x - 3, y - 3, x + 3, y + 3), fill="#ff5050")
            pen.line((x - 3, y + 3, x + 3, y - 3), fill="#ff5050")


def _caption(name: str, search: HandSearch) -> str:
    if not search.is_hand:
        return f"{name}  no hand ({search.probability:.2f})"
    sides = " ".join(hand.side for hand in search.hands)
    found = sum(f.status == "found" for hand in search.hands for f in hand.sites.values())
    return f"{name}  {sides}  {found}/{22 * len(search.hands)}" + ("  inverted" if search.inverted else "")


if __name__ == "__main__":
    main()
