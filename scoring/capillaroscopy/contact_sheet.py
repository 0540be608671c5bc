"""Loops found on drawn nailfolds beside the truth: ``python -m scoring.capillaroscopy.contact_sheet --out PICTURE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.packaging import FOLDER
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.training_pictures import phantoms
from scoring.capillaroscopy.unseen_pictures import MeasuredPicture, measured_picture
from scoring.networks.torch_start import start_torch
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import read_weights_record

FIRST_PATIENT: Final = 9_900_000
COLUMNS, ROWS = 4, 6
_CELL: Final = (480, 360)
_FOUND: Final = "#00e5ff"
_TRUE: Final = "#ffffff"
_WORDS: Final = (6, 340)


def main() -> None:
    """Parse the command line, draw, measure, write one picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the picture to write")
    start_torch()
    out = parser.parse_args().out
    sheet(CapillaryFinder.open(read_weights_record(FOLDER / WEIGHTS_RECORD))).save(out, quality=72, optimize=True)


def sheet(finder: CapillaryFinder) -> Image.Image:
    """Patients in a row, one picture of each, none left out."""
    page = Image.new("RGB", (COLUMNS * _CELL[0], ROWS * _CELL[1]), "black")
    for n, phantom in enumerate(phantoms(FIRST_PATIENT, COLUMNS * ROWS, 1)):
        cell = Image.fromarray(phantom.pixels).resize(_CELL, Image.Resampling.LANCZOS)
        _mark(cell, measured_picture(finder, phantom), _CELL[0] / phantom.pixels.shape[1])
        page.paste(cell, (n % COLUMNS * _CELL[0], n // COLUMNS * _CELL[1]))
    return page


def _mark(cell: Image.Image, picture: MeasuredPicture, larger: float) -> None:
    """A ring as wide as the apex above each found loop, a dot on each true tip, both densities in words."""
    pen = ImageDraw.Draw(cell)
    found = picture.found
    for x, y in picture.tips_um / picture.um_per_px * larger:
        pen.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill=_TRUE, outline="black")
    if isinstance(found, PictureMeasures):
        for loop in found.loops:
            x, y = (loop.x + 0.5) * larger, (loop.y + 0.5) * larger
            reach = loop.diameter_um / 2 / picture.um_per_px * larger
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), outline=_FOUND, width=2)
    pen.text(_WORDS, _said(picture), fill=_FOUND, stroke_fill="black", stroke_width=2, anchor="ls", font_size=15)


def _said(picture: MeasuredPicture) -> str:
    truth = f"true {picture.density_per_mm:.1f}/mm, widest {picture.widest_um or 0:.0f} um"
    if isinstance(picture.found, NotMeasured):
        return f"{picture.found.reason.replace('_', ' ')} ({truth})"
    found = picture.found
    return f"{found.density_per_mm:.1f}/mm, widest {found.widest_um or 0:.0f} um ({truth})"


if __name__ == "__main__":
    main()
