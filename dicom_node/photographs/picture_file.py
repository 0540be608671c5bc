"""A picture from a phone or a camera, opened; or the reason why not, and how to make it one that can be."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from dicom_node.errors import WrapError
from dicom_node.photographs.given_files import content_of, shown_name
from dicom_node.photographs.jpeg_segments import CodedJpeg, coded_jpeg
from scoring.errors import ImageUnreadableError

LARGEST_PIXELS: Final = 100_000_000
_LEAST_CHROMA: Final = 6
"""Rounding of a colourless picture's coding stays below it."""
_FEW: Final = 128
"""Of so many rows and columns one pixel with colour is found in almost every picture that has any."""
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_ANIMATIONS: Final = {b"GIF8": "GIF", b"RIFF": "WebP"}
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HOW: Final = "export it as JPEG or PNG and try again"


@dataclass(frozen=True)
class PictureFile:
    """A decoded picture. ``coded``: the JPEG's own coding, ``None`` for PNG and for what cannot be kept as it is."""

    name: str
    taken: datetime
    content: bytes
    image: Image.Image
    coded: CodedJpeg | None

    @property
    def orientation(self) -> int:
        """EXIF: 1 is upright."""
        return int(self.image.getexif().get(0x0112, 1))

    @property
    def digest(self) -> str:
        """SHA-256 of the picture alone: saved again with another EXIF, name or orientation tag it is the same one."""
        shown = self.coded.content if self.coded else self.image.tobytes()
        return hashlib.sha256(shown).hexdigest()

    @property
    def lossy(self) -> bool:
        """Whether its coding lost something before it came here."""
        return self.image.format in ("JPEG", "MPO")


def open_picture(path: Path, *, deep: bool) -> PictureFile:
    """Open and decode, of a JPEG that holds several pictures (gain maps, depth) the first. ``deep``: 16 bits may be.

    Raises ImageUnreadableError for what is no whole JPEG or PNG, WrapError for one that is not wrapped.
    """
    content, name = content_of(path), shown_name(path)
    _refuse_by_its_first_bytes(content, name, deep=deep)
    try:
        image = _opened(io.BytesIO(content))
        if image.width * image.height > LARGEST_PIXELS:
            raise _too_large(f"{name} has {image.width} x {image.height} pixels")
        if image.format == "PNG" and getattr(image, "is_animated", False):
            raise WrapError(f"{name} is animated; export the one picture that is meant.")
        if image.mode in ("CMYK", "YCCK"):
            raise WrapError(
                f"{name} is in the colours of print (CMYK), which show differently everywhere; export it as RGB (sRGB)."
            )
        image.load()
    except Image.DecompressionBombError:
        raise _too_large(f"{name} has far more pixels than any phone takes") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise ImageUnreadableError(f"{name} is no whole JPEG or PNG; {_HOW}.") from None
    return PictureFile(
        name, taken_at(path), content, image, coded_jpeg(content) if content[:2] == b"\xff\xd8" else None
    )


def taken_at(path: Path) -> datetime:
    """When the picture was taken, by the camera's clock if it says so, else when the file was last changed."""
    try:
        with _opened(path) as image:
            said = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")
            return datetime.strptime(str(said).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def is_colourless(image: Image.Image) -> bool:
    """A grey picture, or one saved in colour without having any."""
    if image.mode not in ("RGB", "RGBA", "P"):
        return True
    few = image.resize((min(image.width, _FEW), min(image.height, _FEW)), Image.Resampling.NEAREST)
    return _most_chroma(few) <= _LEAST_CHROMA and _most_chroma(image) <= _LEAST_CHROMA


def _most_chroma(image: Image.Image) -> int:
    _, *chroma = (np.asarray(band, np.int16) for band in image.convert("YCbCr").split())
    return max(int(np.abs(band - 128).max()) for band in chroma)


def _opened(file: Path | io.BytesIO) -> Image.Image:
    """Its header is read; that it may be large is answered here, not by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(file, formats=("JPEG", "PNG"))


def _too_large(what: str) -> WrapError:
    return WrapError(
        f"{what}; at most {LARGEST_PIXELS // 10**6} million are wrapped: let the phone take smaller pictures "
        "(12 megapixels are plenty), or export it smaller."
    )


def _refuse_by_its_first_bytes(content: bytes, name: str, *, deep: bool) -> None:
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise WrapError(
            f"{name} is HEIC or AVIF, which no DICOM image can hold as it is; {_HOW} (iPhone: Settings, Camera, "
            "Formats, Most Compatible; or share the picture by mail, which makes a JPEG of it)."
        )
    if content[128:132] == b"DICM":
        raise WrapError(f"{name} is a DICOM file already: send it as it is.")
    if (kind := _ANIMATIONS.get(content[:4])) is not None:
        raise WrapError(f"{name} is {kind}, which may be animated; {_HOW}.")
    if content[:8] == _PNG and content[24:25] == b"\x10" and not (deep and content[25:26] == b"\x00"):
        raise WrapError(f"{name} has 16 bits for each colour, photographs have 8; export it as 8-bit PNG or as JPEG.")
