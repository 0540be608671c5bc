"""A finished picture in JPEG 2000 without loss: the same object under the same UID, a fifth of the bytes.

PS3.5 A.4.4, 8.2.4, 10.3: reversible wavelet and reversible colour transform (YBR_RCT), which costs nothing where a film
is grey: its two colour planes are zero. One fragment for each frame, and a Basic Offset Table.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from imagecodecs import jpeg2k_encode
from pydicom import config, dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from sr_templates.errors import InvalidObjectError

_WANTED: Final = {
    "SamplesPerPixel": 3,
    "PhotometricInterpretation": "RGB",
    "PlanarConfiguration": 0,
    "BitsAllocated": 8,
    "BitsStored": 8,
    "PixelRepresentation": 0,
}
_RESOLUTIONS: Final = 6
"""Levels of the wavelet, the whole picture among them: a viewer may show an overview from the first bytes."""


def jpeg2000_lossless(content: bytes) -> bytes:
    """``content``: a Part 10 file in Explicit VR Little Endian with pixels of 8-bit RGB, single frame or multi-frame.

    Every other attribute stays as it is, Lossy Image Compression included: nothing is lost here. Raises
    InvalidObjectError for any other file.
    """
    try:
        with config.disable_value_validation():
            picture = dcmread(io.BytesIO(content))
    except InvalidDicomError:
        raise InvalidObjectError("A picture to be compressed must be a DICOM file (PS3.10); found none.") from None
    found = str(picture.file_meta.get("TransferSyntaxUID", ""))
    if found != ExplicitVRLittleEndian:
        raise InvalidObjectError(f"A picture to be compressed must be in Explicit VR Little Endian, found {found}.")
    for keyword, wanted in _WANTED.items():
        if picture.get(keyword) != wanted:
            raise InvalidObjectError(f"{keyword} must be {wanted} to be compressed, found {picture.get(keyword)!r}.")
    picture.PixelData = encapsulate([_encoded(frame) for frame in _frames(picture)])
    picture["PixelData"].is_undefined_length = True
    picture.PhotometricInterpretation = "YBR_RCT"
    picture.file_meta.TransferSyntaxUID = JPEG2000Lossless
    buffer = io.BytesIO()
    with config.disable_value_validation():
        dcmwrite(buffer, picture, enforce_file_format=True)
    return buffer.getvalue()


def _frames(picture: Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    shape = (int(picture.get("NumberOfFrames") or 1), int(picture.Rows), int(picture.Columns), 3)
    size = int(np.prod(shape))
    if len(picture.PixelData) != size + size % 2:
        raise InvalidObjectError(f"PixelData must hold {size} bytes to be compressed, found {len(picture.PixelData)}.")
    return np.frombuffer(picture.PixelData, np.uint8, count=size).reshape(shape)


def _encoded(frame: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """One codestream without the boxes of a file (ISO/IEC 15444-1 A), as PS3.5 A.4.4 wants it."""
    return bytes(jpeg2k_encode(frame, level=0, codecformat="j2k", reversible=True, mct=True, resolutions=_RESOLUTIONS))
