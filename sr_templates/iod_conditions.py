"""Conditions between the attributes of one object, which no list of attributes can say; one rule for each function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydicom.dataset import Dataset

from sr_templates import codes
from sr_templates.document_forms import (
    ENCAPSULATED_PDF,
    KEY_OBJECT,
    MULTIFRAME_TRUE_COLOUR,
    SECONDARY_CAPTURE,
    SEGMENTATION,
    SOP_CLASS_OF_FORM,
)
from sr_templates.errors import InvalidObjectError
from sr_templates.report_tree_check import refuse_invalid_tree

_REFERENCES: Final = ("ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")


def _refuse_unexplained_gap(report: Dataset) -> None:
    if report.CompletionFlag == "PARTIAL" and not report.get("CompletionFlagDescription"):
        raise InvalidObjectError("CompletionFlag is PARTIAL; wanted the reason in CompletionFlagDescription.")


def _refuse_wrong_pixels(image: Dataset) -> None:
    """PS3.3 C.7.6.3.1.4: as many bytes as the rows, columns, samples and frames make, padded to an even number."""
    wanted = int(image.Rows) * int(image.Columns) * int(image.SamplesPerPixel) * int(image.get("NumberOfFrames", 1))
    found = len(image.PixelData)
    if found != wanted + wanted % 2:
        raise InvalidObjectError(f"PixelData holds {found} bytes; Rows, Columns, samples and frames make {wanted}.")


def _refuse_missing_references(image: Dataset) -> None:
    """PS3.3 C.12.2: whatever an image is made from is named by its series too."""
    if not any(image.get(keyword) for keyword in _REFERENCES):
        raise InvalidObjectError(f"ReferencedSeriesSequence is missing; wanted it or {_REFERENCES[1]}.")


def _refuse_purposeless_source(image: Dataset) -> None:
    for source in image.SourceImageSequence:
        purpose = source.get("PurposeOfReferenceCodeSequence")
        if not purpose or purpose[0].CodeValue != codes.SOURCE_IMAGE.value:
            raise InvalidObjectError("SourceImageSequence names an image without its purpose.")


def _refuse_uncalibrated_spacing(image: Dataset) -> None:
    """PS3.3 10.7.1.1: a spacing in a capture says how it was calibrated, or is a trap for whoever measures."""
    for keyword in ("PixelSpacingCalibrationType", "PixelSpacingCalibrationDescription"):
        if image.get("PixelSpacing") and not image.get(keyword):
            raise InvalidObjectError(f"PixelSpacing is stated; wanted {keyword} beside it.")


def _refuse_uncounted_frames(image: Dataset) -> None:
    """PS3.3 C.7.6.6: the vector that the pointer names has one value for each frame."""
    vector = image.get(image.FrameIncrementPointer)
    found, frames = vector.VM if vector is not None else 0, int(image.NumberOfFrames)
    if found != frames:
        raise InvalidObjectError(f"FrameIncrementPointer names a vector of {found} values; frames are {frames}.")


def _refuse_loose_segments(segmentation: Dataset) -> None:
    """PS3.3 C.8.20.2, C.7.6.16: every frame has its groups, every segment its number, meaning and algorithm."""
    groups, frames = segmentation.PerFrameFunctionalGroupsSequence, int(segmentation.NumberOfFrames)
    if len(groups) != frames:
        raise InvalidObjectError(f"PerFrameFunctionalGroupsSequence has {len(groups)} items; frames are {frames}.")
    numbers = [segment.get("SegmentNumber") for segment in segmentation.SegmentSequence]
    if numbers != list(range(1, len(numbers) + 1)):
        raise InvalidObjectError(f"SegmentSequence is numbered {numbers}; wanted 1 upwards without a gap.")
    for segment in segmentation.SegmentSequence:
        for keyword in _SEGMENT_FILLED:
            if not segment.get(keyword):
                raise InvalidObjectError(f"SegmentSequence[{segment.SegmentNumber - 1}].{keyword} is missing or empty.")
    for n, group in enumerate(groups):
        for keyword in ("FrameContentSequence", "DerivationImageSequence"):
            if not group.get(keyword):
                raise InvalidObjectError(f"PerFrameFunctionalGroupsSequence[{n}].{keyword} is missing or empty.")


_SEGMENT_FILLED: Final = (
    "SegmentLabel",
    "SegmentAlgorithmType",
    "SegmentAlgorithmName",
    "SegmentedPropertyCategoryCodeSequence",
    "SegmentedPropertyTypeCodeSequence",
)


def _refuse_other_document(document: Dataset) -> None:
    content, length = document.EncapsulatedDocument, document.EncapsulatedDocumentLength
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-32:]:
        raise InvalidObjectError("EncapsulatedDocument is no whole PDF: it must begin with %PDF- and end with %%EOF.")
    if len(content) != length + length % 2:
        raise InvalidObjectError(f"EncapsulatedDocument holds {len(content)} bytes; its length says {length}.")


Condition = Callable[[Dataset], None]
_IMAGE: Final[tuple[Condition, ...]] = (_refuse_wrong_pixels, _refuse_missing_references)
_CAPTURE: Final[tuple[Condition, ...]] = (*_IMAGE, _refuse_purposeless_source, _refuse_uncalibrated_spacing)

CONDITIONS_OF: Final[Mapping[str, tuple[Condition, ...]]] = {
    **dict.fromkeys(SOP_CLASS_OF_FORM.values(), (_refuse_unexplained_gap, refuse_invalid_tree)),
    SECONDARY_CAPTURE: _CAPTURE,
    MULTIFRAME_TRUE_COLOUR: (*_CAPTURE, _refuse_uncounted_frames),
    SEGMENTATION: (*_IMAGE, _refuse_loose_segments),
    ENCAPSULATED_PDF: (_refuse_other_document,),
    KEY_OBJECT: (refuse_invalid_tree,),
}
"""The rules of each SOP Class; each raises InvalidObjectError."""
