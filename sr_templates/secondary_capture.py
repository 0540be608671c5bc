"""A Secondary Capture Image (PS3.3 A.8.1) around a picture of ours: all modules but the pixels' own meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from scoring.result import ImageUse, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.copied_attribute import copy_valid
from sr_templates.document_forms import SECONDARY_CAPTURE
from sr_templates.inherited_modules import inherited_modules
from sr_templates.instance_references import add_common_instance_reference, source_references
from sr_templates.observer_context import MANUFACTURER, model_name
from sr_templates.production_modules import add_production_modules, software_versions
from sr_templates.result_series import PICTURES

Picture = npt.NDArray[np.uint8]
"""RGB, (rows, columns, 3), or (frames, rows, columns, 3)."""


def secondary_capture(
    result: ScoreResult,
    spec: SystemSpec,
    home: Dataset,
    picture: Picture,
    sources: Sequence[ImageUse],
    number: int,
) -> Dataset:
    """The object without SOP Instance UID, Image Comments and Derivation: those are the caller's.

    ``home``: the header whose patient, study and body part it repeats, one for all objects of a result.
    What is true only of a picture that shows the film, ``film_attributes`` adds.
    """
    capture = inherited_modules(home, result.study_instance_uid)
    capture.SOPClassUID = SECONDARY_CAPTURE
    PICTURES.take(capture, result, spec, number)
    copy_valid(capture, home, "BodyPartExamined")  # of the series, so the same in all its pictures
    add_production_modules(capture, result, home)
    _add_capture_equipment(capture, result)
    capture.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    capture.LossyImageCompression = "00"
    capture.ImageLaterality = image_laterality(result, spec, {s.sop_instance_uid for s in sources})
    capture.SourceImageSequence = source_references(sources)
    add_common_instance_reference(capture, sources)
    _add_pixels(capture, picture)
    return capture


def _add_capture_equipment(capture: Dataset, result: ScoreResult) -> None:
    """SC Equipment (PS3.3 C.8.6.1): made on a workstation (WSD)."""
    capture.ConversionType = "WSD"
    capture.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    capture.SecondaryCaptureDeviceManufacturerModelName = model_name(result)
    capture.SecondaryCaptureDeviceSoftwareVersions = software_versions(result)
    capture.DateOfSecondaryCapture = capture.ContentDate
    capture.TimeOfSecondaryCapture = capture.ContentTime


def image_laterality(result: ScoreResult, spec: SystemSpec, images: set[str]) -> str:
    """Side of what was found on these images; both (B) when that is not one, unpaired (U) where nothing has sides."""
    if not spec.sides:
        return "U"
    sides = {hand.side for hand in result.hands if hand.image in images}
    return sides.pop() if len(sides) == 1 else "B"


def _add_pixels(capture: Dataset, picture: Picture) -> None:
    rows, columns, samples = picture.shape[-3:]
    capture.SamplesPerPixel = samples
    capture.PhotometricInterpretation = "RGB"
    capture.PlanarConfiguration = 0
    capture.Rows, capture.Columns = rows, columns
    capture.BitsAllocated, capture.BitsStored, capture.HighBit, capture.PixelRepresentation = 8, 8, 7, 0
    content = np.ascontiguousarray(picture).tobytes()
    capture.PixelData = content + b"\0" * (len(content) % 2)
    capture["PixelData"].VR = "OB"
