"""From a choice or a stored result back to files and pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dicom_node.errors import InstanceLostError
from dicom_node.routing import ImageChoice
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.image import Grey, scoring_image
from scoring.inference import ChosenImage, read_header
from scoring.pixel_decoding import PixelDecoder
from scoring.result import ImageUse, ScoreResult
from scoring.study import read_image_reference
from sr_templates.heatmap_capture import LONGEST_SIDE
from sr_templates.writing import SourceImage


def chosen_images(choices: Sequence[ImageChoice], paths: Mapping[str, Path]) -> tuple[ChosenImage, ...]:
    """The choices of a routing decision with their files, by SOP Instance UID."""
    return tuple(ChosenImage(c.image, paths[c.image.sop_instance_uid], c.used, c.rule, c.explanation) for c in choices)


def source_images(result: ScoreResult, paths: Mapping[str, Path], decoder: PixelDecoder) -> dict[str, SourceImage]:
    """What the writers need of a result's images: every header, and the pixels of the images with a picture.

    A photograph comes no larger than a picture of ours shows it. Raises InstanceLostError when a file is gone; pixels
    that cannot be decoded are an empty array.
    """
    pictured = result.drawn_on
    sources = {}
    for image in result.images:
        path = paths[image.sop_instance_uid]
        if not path.exists():
            raise InstanceLostError(
                f"The received instance {image.content_sha256[:12]}… is gone from the store; restore it from a backup."
            )
        pixels = _pixels(image, path, decoder) if image.sop_instance_uid in pictured else np.zeros((0, 0), np.float32)
        sources[image.sop_instance_uid] = SourceImage(read_header(path), pixels)
    return sources


def _pixels(image: ImageUse, path: Path, decoder: PixelDecoder) -> Grey:
    header = read_header(path)
    reference = read_image_reference(header, image.content_sha256, "")
    try:
        return scoring_image(header, decoder.first_frame(path, header, LONGEST_SIDE), reference).pixels
    except (ImageUnreadableError, ImageTooLargeError):
        return np.zeros((0, 0), np.float32)
