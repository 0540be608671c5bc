"""Film, heatmap and every graded joint as the frames of one object: Multi-frame True Color Secondary Capture.

PS3.3 A.8.5, C.8.6.3: to be paged through; each frame has its name in the Frame Label Vector. Of a photograph, which is
judged as a whole, there are two frames: as it is, and with its heat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from PIL import Image
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from scoring.result import Heatmap, ImageUse
from sr_templates import codes
from sr_templates.content_items import code_item
from sr_templates.document_forms import MULTIFRAME_TRUE_COLOUR
from sr_templates.film_attributes import add_film_attributes
from sr_templates.heatmap_drawing import display_picture
from sr_templates.joint_frame import FRAME_SIDE, film_frame, joint_frame
from sr_templates.result_series import JOINTS, PHOTOGRAPHS
from sr_templates.secondary_capture import secondary_capture
from sr_templates.site_marks import SiteMark, site_marks
from sr_templates.uids import object_uid
from sr_templates.writing import Writing

_LONGEST_LABEL: Final = 16
"""Characters of a Frame Label (SH)."""


def multiframe_captures(writing: Writing) -> list[Dataset]:
    """One object for each heatmap that was drawn, in a series of their own."""
    drawn = {str(dataset.SOPInstanceUID): dataset for role, dataset in writing.written if role == "heatmap"}
    made = []
    for number, heatmap in enumerate(writing.result.heatmaps, start=1):
        overlay = drawn.get(object_uid(writing.result, "heatmap", heatmap.image))
        if overlay is not None:
            made.append(_multiframe(writing, heatmap, overlay, number))
    return made


def _multiframe(writing: Writing, heatmap: Heatmap, overlay: Dataset, number: int) -> Dataset:
    result, source = writing.result, writing.sources[heatmap.image]
    use = next(image for image in result.images if image.sop_instance_uid == heatmap.image)
    whole = writing.spec.per_picture
    marks = [] if whole else site_marks(result, writing.spec, heatmap.image, 1.0)
    frames = np.stack(list(_frames(writing, heatmap, overlay, marks)))
    capture = secondary_capture(result, writing.spec, writing.home, frames, [use], number)
    capture.SOPClassUID = MULTIFRAME_TRUE_COLOUR
    capture.SOPInstanceUID = object_uid(result, "multiframe", heatmap.image)
    (PHOTOGRAPHS if whole else JOINTS).take(capture, result, writing.spec, number)
    capture.NumberOfFrames = len(frames)
    capture.FrameIncrementPointer = Tag(tag_for_keyword("FrameLabelVector") or 0)
    capture.FrameLabelVector = ["Photograph" if whole else "Film", "Heatmap", *(frame_label(mark) for mark in marks)]
    capture.ImageComments = result.statement or "For research use only"
    capture.DerivationDescription = _derivation(heatmap, use, whole=whole)
    capture.DerivationCodeSequence = DicomSequence([code_item(codes.SALIENCY_OVERLAY)])
    add_film_attributes(capture, source.header, FRAME_SIDE / max(use.rows, use.columns))
    return capture


def frame_label(mark: SiteMark) -> str:
    """``R MCP2``: at most 16 characters."""
    return f"{mark.side or ''} {mark.name}".strip()[:_LONGEST_LABEL]


def _frames(
    writing: Writing, heatmap: Heatmap, overlay: Dataset, marks: Sequence[SiteMark]
) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    film = display_picture(writing.sources[heatmap.image].pixels).convert("RGB")
    size = (int(overlay.Columns), int(overlay.Rows))
    drawn = Image.frombuffer("RGB", size, bytes(overlay.PixelData[: size[0] * size[1] * 3]))
    for picture in (film_frame(film), film_frame(drawn), *(joint_frame(film, mark) for mark in marks)):
        yield np.asarray(picture, np.uint8)


def _derivation(heatmap: Heatmap, use: ImageUse, *, whole: bool) -> str:
    drawn = f"The source image, {heatmap.method} of {heatmap.about} drawn over it"
    return (
        f"{drawn}{'' if whole else ', and each graded site with its grades'}. Resized from {use.columns} x {use.rows} "
        f"to fit {FRAME_SIDE} x {FRAME_SIDE} pixels{'' if whole else ', each site by itself'}; spacing is therefore "
        "not stated: do not measure here."
    )
