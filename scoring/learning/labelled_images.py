"""Images of a labelled set, in the pixels that scoring sees: DICOM files as received, or PNG and JPEG of films."""

from __future__ import annotations

from collections.abc import Sequence
from glob import escape
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from scoring.errors import ImageUnreadableError, LabelError
from scoring.image import scoring_image
from scoring.inference import read_header
from scoring.learning.label import Label
from scoring.learning.table_faults import TableFaults
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import SIDES
from scoring.study import read_image_reference, read_laterality

PICTURES: Final = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}
_DAMAGED: Final = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises of damaged files."""


def find_image(folder: Path, name: str) -> Path:
    """The file of an image that a table names, with or without its ending; LabelError when there is not one."""
    exact = folder / name
    if exact.is_file():
        return exact
    found = sorted(exact.parent.glob(f"{escape(exact.name)}.*"))
    if len(found) != 1:
        raise LabelError(f"{folder.name} has {len(found)} files for the image {name!r}; wanted one.")
    return found[0]


def check_images(labels: Sequence[Label], folder: Path) -> None:
    """Look at every image that readings name before work begins; LabelError with a line for each fault.

    A fault is an image that is missing, that has two files, that two names claim, that is no DICOM although its
    ending is no picture's, or whose header (Image Laterality, Laterality) names the other side than the reading.
    """
    faults = TableFaults(folder.name)
    sides: dict[str, set[str]] = {}
    for label in labels:
        sides.setdefault(label.image, set()).add(label.side)
    names: dict[Path, str] = {}
    for name, read_as in sides.items():
        try:
            path = find_image(folder, name)
            said = "" if path.suffix.lower() in PICTURES else read_laterality(read_header(path))
        except (LabelError, ImageUnreadableError) as error:
            faults.whole(f"the image {name!r}: {str(error).rstrip('.')}")
            continue
        if names.setdefault(path, name) != name:
            faults.whole(f"{names[path]!r} and {name!r} name one image; use one name for it in the readings")
        if said in SIDES and read_as != {said}:
            wrong = " and ".join(sorted(read_as - {said}))
            faults.whole(f"the image {name!r} says that its side is {said}, readings say {wrong}; correct one of them")
    faults.raise_if_any()


def read_film(path: Path, decoder: PixelDecoder) -> npt.NDArray[np.float32]:
    """(rows, columns), 0..1, bone bright. Pictures that are no DICOM are taken as they are shown, white as 1."""
    if path.suffix.lower() in PICTURES:
        return _picture(path)
    header = read_header(path)
    pixels = scoring_image(header, decoder.first_frame(path, header), read_image_reference(header, "", "")).pixels
    return pixels if pixels.ndim == 2 else pixels.mean(2, dtype=np.float32)


def read_photograph(path: Path, decoder: PixelDecoder) -> npt.NDArray[np.uint8]:
    """(rows, columns, 3), sRGB, upright: a DICOM photograph as received, or a picture turned as its EXIF says."""
    if path.suffix.lower() in PICTURES:
        try:
            with Image.open(path) as picture:
                return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        except _DAMAGED:
            raise _unreadable(path) from None
    header = read_header(path)
    pixels = scoring_image(header, decoder.first_frame(path, header), read_image_reference(header, "", "")).pixels
    colours = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return np.asarray(np.rint(colours * 255), np.uint8)


def _picture(path: Path) -> npt.NDArray[np.float32]:
    try:
        with Image.open(path) as picture:
            deep = picture.mode.startswith("I")
            grey = np.asarray(picture if deep else picture.convert("L"), np.float32)
    except _DAMAGED:
        raise _unreadable(path) from None
    return grey / np.float32(65535 if deep else 255)


def _unreadable(path: Path) -> ImageUnreadableError:
    return ImageUnreadableError(
        f"{path.name} cannot be read as a picture; restore it, or take its rows out of the readings."
    )
