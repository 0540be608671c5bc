"""The image library (TID 1600): every instance of the job, in the order by which the report numbers them.

Our own writer: a header without Imager Pixel Spacing or Patient Orientation, or a photograph, is no obstacle.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from scoring.result import ImageUse, ScoreResult
from scoring.spec import SystemSpec
from scoring.study import read_laterality
from sr_templates import codes
from sr_templates.content_items import code, container, image, number


def image_library(result: ScoreResult, spec: SystemSpec, headers: Mapping[str, Dataset]) -> Dataset:
    """Every image in the order of the result, which numbers them; ``headers`` by SOP Instance UID.

    Which were read, and the SHA-256 of each, stand in words in the last container: TID 1602 has no place for them.
    """
    entries = [_entry(image, spec, headers.get(image.sop_instance_uid)) for image in result.images]
    return container(codes.IMAGE_LIBRARY, [container(codes.IMAGE_LIBRARY_GROUP, entries)], template="1600")


def _entry(use: ImageUse, spec: SystemSpec, header: Dataset | None) -> Dataset:
    descriptors = _header_descriptors(header, spec) if header is not None else []
    for name, size in ((codes.PIXEL_ROWS, use.rows), (codes.PIXEL_COLUMNS, use.columns)):
        if size > 0:
            descriptors.append(number(name, size, codes.PIXELS, "HAS ACQ CONTEXT"))
    return image(None, use.sop_class_uid, use.sop_instance_uid, children=descriptors)


def _header_descriptors(header: Dataset, spec: SystemSpec) -> list[Dataset]:
    descriptors = []
    if modality := codes.MODALITIES.get(str(header.get("Modality") or "").strip().upper()):
        descriptors.append(code(codes.MODALITY, modality, "HAS ACQ CONTEXT"))
    descriptors.append(code(codes.TARGET_REGION, spec.region, "HAS ACQ CONTEXT"))
    side = read_laterality(header)
    if side:
        laterality = codes.LATERALITIES[None if side == "B" else side]
        descriptors.append(code(codes.IMAGE_LATERALITY, laterality, "HAS ACQ CONTEXT"))
    return descriptors
