"""A pydicom decoder plug-in over imagecodecs (BSD): JPEG Lossless, which hospitals send daily, and 12-bit JPEG.

pydicom has no permissive decoder for these two; the others are Pillow's, pylibjpeg's and pyjpegls' own.
"""

from __future__ import annotations

from typing import Any, Final

import imagecodecs
import numpy as np
from pydicom.pixels.decoders.base import (
    JPEGExtended12BitDecoder,
    JPEGLosslessDecoder,
    JPEGLosslessSV1Decoder,
)
from pydicom.uid import JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

_NAME: Final = "imagecodecs"
_DECODERS: Final = (JPEGLosslessDecoder, JPEGLosslessSV1Decoder, JPEGExtended12BitDecoder)
_END: Final = b"\xff\xd9"
_PADDING: Final = b"\x00\xff"
"""To an even length, behind the end."""

DECODER_DEPENDENCIES: Final = {
    JPEGLossless: ("imagecodecs",),
    JPEGLosslessSV1: ("imagecodecs",),
    JPEGExtended12Bit: ("imagecodecs",),
}
"""Asked for by pydicom when it reports what is missing."""


def is_available(uid: str) -> bool:
    """pydicom's question to a plug-in: can it decode this transfer syntax?"""
    return uid in DECODER_DEPENDENCIES


def register_jpeg_decoders() -> None:
    """Add the plug-in to pydicom, once a process."""
    for decoder in _DECODERS:
        if _NAME not in decoder.available_plugins:
            decoder.add_plugin(_NAME, (__name__, "_decode_frame"))


def _decode_frame(source: bytes, runner: Any) -> bytes:
    """Decode one frame; libjpeg-turbo first, the plain Lossless decoder for what it refuses (odd predictors).

    ValueError for a frame without its end: both decoders would make up what is missing, as an even grey.
    """
    if not source.rstrip(_PADDING).endswith(_END):
        raise ValueError("the JPEG is cut short: it has no end of image")
    try:
        frame = imagecodecs.jpeg8_decode(source)
    except (RuntimeError, ValueError):
        frame = imagecodecs.ljpeg_decode(source)
    runner.set_option("bits_allocated", frame.dtype.itemsize * 8)
    if runner.samples_per_pixel == 3:
        runner.set_option("planar_configuration", 0)
    return bytes(np.ascontiguousarray(frame).tobytes())
