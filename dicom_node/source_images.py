"""From a choice or a stored result back to files and pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

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

    def source(image: ImageUse) -> SourceImage:
        path = paths[image.sop_instance_uid]
        if not path.exists():
            raise InstanceLostError(
                f"The received instance {image.content_sha256[:12]}… is gone from the store; restore it from a backup."
            )
        header = read_header(path)
        drawn_on = image.sop_instance_uid in pictured
        return SourceImage(header, _pixels(image, path, header, decoder) if drawn_on else np.zeros((0, 0), np.float32))

    with ThreadPoolExecutor(decoder.at_once((image.rows, image.columns) for image in result.images)) as readers:
        sources = list(readers.map(source, result.images))
    return {image.sop_instance_uid: found for image, found in zip(result.images, sources, strict=True)}


def _pixels(image: ImageUse, path: Path, header: Dataset, decoder: PixelDecoder) -> Grey:
    reference = read_image_reference(header, image.content_sha256, "")
    try:
        return scoring_image(header, decoder.first_frame(path, header, LONGEST_SIDE), reference).pixels
    except (ImageUnreadableError, ImageTooLargeError):
        return np.zeros((0, 0), np.float32)
