"""The heatmap of one source image as a Segmentation (PS3.3 A.51): numbers on the source's grid, for machines.

One frame and one segment, FRACTIONAL with 8 bits. Of the two meanings that a fraction may have (PS3.3 C.8.20.2.3)
OCCUPANCY would say how much of a pixel's area a thing covers, which a map of attention never says; PROBABILITY, how
strongly a pixel belongs to what the segment names, is the nearer one. It is no calibrated chance, and Segment
Description says so.

No Frame of Reference, no spacing: a projection has no place in the patient. The Derivation Image group ties the grid
to the source image instead, pixel by pixel, so that radiographs without any of these can be overlaid as well.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from scoring.result import Heatmap, ImageUse, ScoreResult
from scoring.stored_array import read_array, stretched
from sr_templates import codes
from sr_templates.content_items import code_item
from sr_templates.copied_attribute import copy_valid
from sr_templates.document_forms import SEGMENTATION
from sr_templates.errors import InvalidResultError, SourceMismatchError
from sr_templates.inherited_modules import inherited_modules
from sr_templates.instance_references import add_common_instance_reference, source_references
from sr_templates.observer_context import model_name, serial_number
from sr_templates.production_modules import add_production_modules
from sr_templates.result_series import SEGMENTATIONS
from sr_templates.secondary_capture import image_laterality
from sr_templates.uids import object_uid
from sr_templates.writing import Writing

_ORANGE: Final = (45875, 40606, 50886)
"""Recommended Display CIELab Value (PS3.3 C.10.7.1.1) as 16-bit numbers: orange, L 70, a 30, b 70."""


def segmentations(writing: Writing) -> list[Dataset]:
    """One object for each heatmap, in the result's order."""
    return [_segmentation(writing, heatmap, n) for n, heatmap in enumerate(writing.result.heatmaps, start=1)]


def _segmentation(writing: Writing, heatmap: Heatmap, number: int) -> Dataset:
    result, spec = writing.result, writing.spec
    use = _image_of(result, heatmap)
    if heatmap.image not in writing.sources or heatmap.array not in writing.arrays:
        raise SourceMismatchError("A heatmap's source image or its stored array is not at hand; restore a backup.")
    header = writing.sources[heatmap.image].header
    made = inherited_modules(writing.home, result.study_instance_uid)
    made.SOPClassUID = SEGMENTATION
    made.SOPInstanceUID = object_uid(result, "segmentation", heatmap.image)
    SEGMENTATIONS.take(made, result, spec, number)
    add_production_modules(made, result, writing.home)
    made.ImageLaterality = image_laterality(result, spec, {heatmap.image})
    made.PatientOrientation = []
    copy_valid(made, header, "PatientOrientation")
    made.BurnedInAnnotation = "NO"
    made.RecognizableVisualFeatures = "NO"
    add_common_instance_reference(made, [use])
    _add_segment(made, writing, heatmap)
    _add_functional_groups(made, result, use)
    _add_pixels(made, writing.arrays[heatmap.array], use)
    return made


def _image_of(result: ScoreResult, heatmap: Heatmap) -> ImageUse:
    for use in result.images:
        if use.sop_instance_uid == heatmap.image:
            return use
    raise InvalidResultError("A heatmap's source image is not the one that the result names.")


def _add_segment(made: Dataset, writing: Writing, heatmap: Heatmap) -> None:
    """Segmentation Image (PS3.3 C.8.20.2): what the fraction means and who says so."""
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.ContentLabel = "HEATMAP"
    made.ContentDescription = f"{heatmap.method} of {heatmap.about}"[:64]
    made.ContentCreatorName = None
    made.SegmentationType = "FRACTIONAL"
    made.SegmentationFractionalType = "PROBABILITY"
    made.MaximumFractionalValue = 255
    made.SegmentSequence = DicomSequence([_segment(writing, heatmap)])


def _segment(writing: Writing, heatmap: Heatmap) -> Dataset:
    result = writing.result
    segment = Dataset()
    segment.SegmentNumber = 1
    segment.SegmentLabel = f"{heatmap.method} of {heatmap.about}"[:64]
    segment.SegmentDescription = (
        f"Where the network looked: {heatmap.method} of {heatmap.about}, relative to the map's highest value, 255. "
        "Not a calibrated probability and not an outline of disease. For research use only."
    )
    segment.SegmentAlgorithmType = "AUTOMATIC"
    segment.SegmentAlgorithmName = model_name(result)[:64]
    segment.SegmentationAlgorithmIdentificationSequence = DicomSequence([_algorithm(result, heatmap)])
    segment.SegmentedPropertyCategoryCodeSequence = DicomSequence([code_item(codes.SPATIAL_CONCEPT)])
    explanation = codes.VISUAL_EXPLANATIONS.get(heatmap.method, codes.SALIENCY)
    segment.SegmentedPropertyTypeCodeSequence = DicomSequence([code_item(explanation)])
    segment.AnatomicRegionSequence = DicomSequence([code_item(writing.spec.region)])
    segment.RecommendedDisplayCIELabValue = list(_ORANGE)
    return segment


def _algorithm(result: ScoreResult, heatmap: Heatmap) -> Dataset:
    """Algorithm Identification (PS3.3 10.16)."""
    algorithm = Dataset()
    algorithm.AlgorithmFamilyCodeSequence = DicomSequence([code_item(codes.ARTIFICIAL_INTELLIGENCE)])
    algorithm.AlgorithmName = model_name(result)[:64]
    algorithm.AlgorithmVersion = serial_number(result)[:64]
    algorithm.AlgorithmParameters = f"{heatmap.method}; weights_digest={result.weights_digest}"
    return algorithm


def _add_functional_groups(made: Dataset, result: ScoreResult, use: ImageUse) -> None:
    """Multi-frame Functional Groups and Dimension (PS3.3 C.7.6.16, C.7.6.17): one frame, ordered by its segment."""
    dimension = object_uid(result, "dimensions", use.sop_instance_uid)
    made.DimensionOrganizationSequence = DicomSequence([_dimension(dimension)])
    index = _dimension(dimension)
    index.DimensionIndexPointer = Tag(tag_for_keyword("ReferencedSegmentNumber") or 0)
    index.FunctionalGroupPointer = Tag(tag_for_keyword("SegmentIdentificationSequence") or 0)
    index.DimensionDescriptionLabel = "Segment"
    made.DimensionIndexSequence = DicomSequence([index])
    made.NumberOfFrames = 1
    segment = Dataset()
    segment.ReferencedSegmentNumber = 1
    shared, frame, content = Dataset(), Dataset(), Dataset()
    shared.SegmentIdentificationSequence = DicomSequence([segment])
    content.DimensionIndexValues = 1
    frame.FrameContentSequence = DicomSequence([content])
    frame.DerivationImageSequence = DicomSequence([_derivation(use)])
    made.SharedFunctionalGroupsSequence = DicomSequence([shared])
    made.PerFrameFunctionalGroupsSequence = DicomSequence([frame])


def _dimension(uid: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = uid
    return item


def _derivation(use: ImageUse) -> Dataset:
    """Derivation Image (PS3.3 C.7.6.16.2.6): the grid is the source's, pixel by pixel."""
    derivation = Dataset()
    derivation.DerivationCodeSequence = DicomSequence([code_item(codes.SEGMENTATION_DERIVATION)])
    derivation.SourceImageSequence = source_references([use])
    derivation.SourceImageSequence[0].SpatialLocationsPreserved = "YES"
    return derivation


def _add_pixels(made: Dataset, array: bytes, use: ImageUse) -> None:
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns = use.rows, use.columns
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression = "00"
    content = np.ascontiguousarray(stretched(read_array(array), use.rows, use.columns)).tobytes()
    made.PixelData = content + b"\0" * (len(content) % 2)
    made["PixelData"].VR = "OB"
