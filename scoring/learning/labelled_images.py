"""Images of a labelled set, in the pixels that scoring sees: DICOM files as received, or PNG and JPEG of films."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from scoring.errors import ImageUnreadableError, LabelError
from scoring.image import scoring_image
from scoring.inference import read_header
from scoring.pixel_decoding import PixelDecoder
from scoring.study import read_image_reference

_PICTURES: Final = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


def find_image(folder: Path, name: str) -> Path:
    """The file of an image that a table names, with or without its ending; LabelError when there is not one."""
    exact = folder / name
    if exact.is_file():
        return exact
    found = sorted(folder.glob(f"{name}.*"))
    if len(found) != 1:
        raise LabelError(f"{folder.name} has {len(found)} files for the image {name!r}; wanted one.")
    return found[0]


def read_film(path: Path, decoder: PixelDecoder) -> npt.NDArray[np.float32]:
    """(rows, columns), 0..1, bone bright. Pictures that are no DICOM are taken as they are shown, white as 1."""
    if path.suffix.lower() in _PICTURES:
        return _picture(path)
    header = read_header(path)
    pixels = scoring_image(header, decoder.first_frame(path, header), read_image_reference(header, "", "")).pixels
    return pixels if pixels.ndim == 2 else pixels.mean(2, dtype=np.float32)


def _picture(path: Path) -> npt.NDArray[np.float32]:
    try:
        with Image.open(path) as picture:
            deep = picture.mode.startswith("I")
            grey = np.asarray(picture if deep else picture.convert("L"), np.float32)
    except OSError:
        raise ImageUnreadableError(f"{path.name} cannot be read as a picture.") from None
    return grey / np.float32(65535 if deep else 255)
