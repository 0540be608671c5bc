"""A photograph with its heat, loops and labels as a Secondary Capture; the page of all of them as another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import Heatmap, ImageUse, ScoreResult
from scoring.stored_array import read_array, read_points
from sr_templates import codes
from sr_templates.content_items import code_item
from sr_templates.film_attributes import add_film_attributes
from sr_templates.heatmap_capture import resized
from sr_templates.heatmap_drawing import display_picture
from sr_templates.montage_drawing import draw_montage
from sr_templates.photograph_drawing import Points, draw_photograph
from sr_templates.picture_findings import PictureFindings, picture_findings
from sr_templates.secondary_capture import secondary_capture
from sr_templates.uids import object_uid
from sr_templates.writing import Writing

PHOTOGRAPH_SIDE: Final = 800
"""The longer side of a photograph on a picture of ours: a giant apex is 30 pixels wide there, at any lens in use."""


def photograph_captures(writing: Writing, first_number: int) -> list[tuple[str, Dataset]]:
    """One for each photograph with a heatmap and pixels at hand: its SOP Instance UID, and the object."""
    findings = {each.image: each for each in picture_findings(writing.result, writing.spec)}
    pictured = [h for h in writing.result.heatmaps if h.image in findings and writing.sources[h.image].pixels.size]
    return [
        (heatmap.image, _photograph_capture(writing, heatmap, findings[heatmap.image], number))
        for number, heatmap in enumerate(pictured, first_number)
    ]


def montage_capture(writing: Writing, number: int) -> Dataset:
    """All photographs that the result has items of, on one page."""
    result, spec = writing.result, writing.spec
    shown = [each.image for each in picture_findings(result, spec)]
    photographs = {
        image: display_picture(writing.sources[image].pixels)
        for image in shown
        if image in writing.sources and writing.sources[image].pixels.size
    }
    sources = [use for use in result.images if use.sop_instance_uid in shown]
    capture = secondary_capture(result, spec, writing.home, draw_montage(result, spec, photographs), sources, number)
    capture.SOPInstanceUID = object_uid(result, "montage", "")
    capture.ImageComments = result.statement or "For research use only"
    capture.DerivationDescription = "All photographs of the visit with what was found on each, made smaller"
    capture.ImageLaterality = _laterality(result, shown)
    capture.PatientOrientation = []
    return capture


def _photograph_capture(writing: Writing, heatmap: Heatmap, findings: PictureFindings, number: int) -> Dataset:
    result, header = writing.result, writing.sources[heatmap.image].header
    use = next(i for i in result.images if i.sop_instance_uid == heatmap.image)
    scale = PHOTOGRAPH_SIDE / max(use.rows, use.columns)
    picture = draw_photograph(
        result,
        findings,
        _photograph(writing, use, scale),
        (read_array(writing.arrays[heatmap.array]), f"{heatmap.method} of {heatmap.about}"),
        _loops(writing, heatmap.image),
        (scale, _um_per_px(header, scale)),
    )
    capture = secondary_capture(result, writing.spec, writing.home, picture, [use], number)
    capture.SOPInstanceUID = object_uid(result, "heatmap", heatmap.image)
    capture.ImageComments = result.statement or "For research use only"
    capture.DerivationDescription = (
        f"{heatmap.method} of {heatmap.about} as lines, capillary loops and labels on the photograph, resized "
        f"from {use.columns} x {use.rows}; spacing is therefore not stated: do not measure here."
    )
    capture.DerivationCodeSequence = DicomSequence([code_item(codes.SALIENCY_OVERLAY)])
    add_film_attributes(capture, header, scale)
    capture.ImageLaterality = _laterality(result, [heatmap.image])
    return capture


def _photograph(writing: Writing, use: ImageUse, scale: float) -> Image.Image:
    """On the picture's grid, from whatever grid is at hand."""
    at_hand = display_picture(writing.sources[use.sop_instance_uid].pixels)
    return resized(at_hand, scale * max(use.rows, use.columns) / max(at_hand.size))


def _loops(writing: Writing, image: str) -> Points:
    for marks in writing.result.marks:
        if marks.image == image and marks.array in writing.arrays:
            return read_points(writing.arrays[marks.array])
    return np.zeros((0, 3), np.float32)


def _um_per_px(header: Dataset, scale: float) -> float | None:
    """Micrometres of skin to a picture pixel, where the header says how large a stored one is."""
    try:
        return 1000 * float(header.PixelSpacing[0]) / scale
    except (AttributeError, TypeError, ValueError, IndexError):
        return None


def _laterality(result: ScoreResult, images: Sequence[str]) -> str:
    """The side of the fingers that are shown; both (B) where they are of two hands, unpaired (U) where nobody said."""
    sides = {item.side for item in result.items if item.image in images and item.side is not None}
    return sides.pop() if len(sides) == 1 else "B" if sides else "U"
