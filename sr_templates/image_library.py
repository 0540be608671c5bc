"""The image library (TID 1600): every instance of the job, with the SHA-256 of its bytes and why it was read or not.

Our own writer: a header without Imager Pixel Spacing or Patient Orientation, or a photograph, is no obstacle.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from scoring.result import ImageUse, ScoreResult
from scoring.spec import SystemSpec
from scoring.study import read_laterality
from sr_templates import codes
from sr_templates.content_items import code, container, image, number, text


def image_library(result: ScoreResult, spec: SystemSpec, headers: Mapping[str, Dataset]) -> Dataset:
    """One group for the images that were read, one for those left out; ``headers`` by SOP Instance UID."""
    groups = []
    for used in (True, False):
        entries = [_entry(i, spec, headers.get(i.sop_instance_uid)) for i in result.images if i.used == used]
        if entries:
            groups.append(container(codes.IMAGE_LIBRARY_GROUP, entries))
    return container(codes.IMAGE_LIBRARY, groups, template="1600")


def _entry(use: ImageUse, spec: SystemSpec, header: Dataset | None) -> Dataset:
    descriptors = _header_descriptors(header, spec) if header is not None else []
    if use.rows > 0 and use.columns > 0:
        descriptors += [
            number(codes.PIXEL_ROWS, use.rows, codes.PIXELS, "HAS ACQ CONTEXT"),
            number(codes.PIXEL_COLUMNS, use.columns, codes.PIXELS, "HAS ACQ CONTEXT"),
        ]
    verdict = "read" if use.used else "left out"
    descriptors += [
        text(codes.SOURCE_SHA256, use.content_sha256, "HAS ACQ CONTEXT"),
        text(codes.IMAGE_CHOICE, f"{verdict}, rule {use.rule}: {use.explanation}", "HAS ACQ CONTEXT"),
    ]
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
