"""What a picture that shows a source image says about it: how it lies, what it has lost, whom it shows."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from sr_templates.copied_attribute import copy_valid

_FACES: Final = frozenset({"89545001", "69536005", "T-D1200", "T-D1100"})
"""Face and head, in SNOMED CT and in the SNOMED-RT of older headers (CID 4031)."""
_FACE_WORDS: Final = frozenset({"FACE", "HEAD"})
_CALIBRATED_SPACING: Final = ("PixelSpacing", "PixelSpacingCalibrationType", "PixelSpacingCalibrationDescription")
"""All or nothing: the description is required beside the type (PS3.3 10.7.1.1)."""


def add_film_attributes(capture: Dataset, header: Dataset, scale: float) -> None:
    """Take over what still holds of the picture; ``scale``: its pixels for one pixel of the source.

    Only valid values are taken: ours must be, whatever the source's are. A Frame of Reference is never taken over:
    the class of these pictures has none.
    """
    capture.PatientOrientation = []
    for keyword in ("PatientOrientation", *_spacing(header, scale)):
        copy_valid(capture, header, keyword)
    if str(header.get("LossyImageCompression") or "") == "01":
        capture.LossyImageCompression = "01"
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            copy_valid(capture, header, keyword)
    capture.RecognizableVisualFeatures = "YES" if _shows_a_face(header) else "NO"


def _shows_a_face(header: Dataset) -> bool:
    """Whether a person could be recognised (PS3.3 C.7.6.1): the source says so, or it is a photograph of a face."""
    if str(header.get("RecognizableVisualFeatures") or "").strip() == "YES":
        return True
    if str(header.get("PhotometricInterpretation") or "").startswith("MONOCHROME"):
        return False
    words = str(header.get("BodyPartExamined") or "").strip().upper()
    regions = header.get("AnatomicRegionSequence") or ()
    return words in _FACE_WORDS or any(str(item.get("CodeValue") or "") in _FACES for item in regions)


def _spacing(header: Dataset, scale: float) -> tuple[str, ...]:
    """A calibrated spacing holds on the unchanged grid only; the detector's spacing has no place in this class."""
    return _CALIBRATED_SPACING if scale == 1 and all(header.get(keyword) for keyword in _CALIBRATED_SPACING) else ()
