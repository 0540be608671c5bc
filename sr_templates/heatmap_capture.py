"""The heatmap of one source image as a Secondary Capture: on the source's grid, or honestly resized."""

from __future__ import annotations

from typing import Final

from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.image import Grey
from scoring.result import Heatmap, ImageUse, ScoreResult
from scoring.smaller_frame import size_within
from scoring.spec import SystemSpec
from scoring.stored_array import read_array
from sr_templates import codes
from sr_templates.content_items import code_item
from sr_templates.errors import InvalidResultError
from sr_templates.film_attributes import add_film_attributes
from sr_templates.heatmap_drawing import display_picture, draw_heatmap
from sr_templates.secondary_capture import secondary_capture
from sr_templates.uids import object_uid

LONGEST_SIDE: Final = 1440
"""Of the picture, in pixels. A larger source is made smaller: joints stay 100 pixels wide, noise is averaged
out, and without loss a film of 12 bits takes less than 1 MB; an RGB picture of 4000 × 3000 would weigh 36 MB."""
_SHORTEST_LONG_SIDE: Final = 1200
"""A smaller source is enlarged to ``LONGEST_SIDE``: on fewer pixels 44 labels have no room to be read."""


def heatmap_capture(
    result: ScoreResult,
    spec: SystemSpec,
    heatmap: Heatmap,
    header: Dataset,
    pixels: Grey,
    array: bytes,
    number: int,
    home: Dataset,
) -> Dataset:
    """Draw and wrap one heatmap; ``pixels`` is the source in the scoring convention, ``home`` says patient and study.

    Headers of two images may spell a name in two ways: all objects of a result say it as their home does.
    """
    use = next((i for i in result.images if i.sop_instance_uid == heatmap.image), None)
    if use is None or pixels.shape[:2] not in _shapes(use):
        raise InvalidResultError("A heatmap's source image is not the one that the result names.")
    scale = picture_scale(use)
    picture = draw_heatmap(result, spec, heatmap, resized(display_picture(pixels), scale), read_array(array), scale)
    capture = secondary_capture(result, spec, home, picture, [use], number)
    capture.SOPInstanceUID = object_uid(result, "heatmap", heatmap.image)
    capture.ImageComments = result.statement or "For research use only"
    capture.DerivationDescription = _derivation(heatmap, use, scale, picture.shape[:2])
    capture.DerivationCodeSequence = DicomSequence([code_item(codes.SALIENCY_OVERLAY)])
    add_film_attributes(capture, header, scale)
    return capture


def _shapes(use: ImageUse) -> tuple[tuple[int, int], ...]:
    """What pixels of the image may be at hand: all of them, or a large photograph's as it is decoded for pictures."""
    return (use.rows, use.columns), size_within(use.rows, use.columns, LONGEST_SIDE)


def picture_scale(use: ImageUse) -> float:
    """Picture pixels for one pixel of the source; 1 where the picture keeps the source's grid."""
    longest = max(use.rows, use.columns)
    return 1.0 if _SHORTEST_LONG_SIDE <= longest <= LONGEST_SIDE else LONGEST_SIDE / longest


def resized(source: Image.Image, scale: float) -> Image.Image:
    """The source on the picture's grid: averaged when smaller, interpolated when larger."""
    if scale == 1:
        return source
    size = (round(source.width * scale), round(source.height * scale))
    return source.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)


def _derivation(heatmap: Heatmap, use: ImageUse, scale: float, size: tuple[int, int]) -> str:
    words = f"{heatmap.method} of {heatmap.about}, drawn over the source image with the graded sites and their grades."
    if scale != 1:
        words += (
            f" Resized from {use.columns} x {use.rows} to {size[1]} x {size[0]} pixels; "
            "spacing is therefore not stated: do not measure here."
        )
    return words
