"""What each class of object that we write must hold, module by module: one row for each SOP Class (PS3.3 A).

``filled`` are attributes of type 1, and those that we promise of every object; ``present`` those of type 2, which may
be empty; ``fixed`` those that have one right value in everything that is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sr_templates.document_forms import (
    ENCAPSULATED_PDF,
    KEY_OBJECT,
    MULTIFRAME_TRUE_COLOUR,
    SECONDARY_CAPTURE,
    SEGMENTATION,
    SOP_CLASS_OF_FORM,
)


@dataclass(frozen=True, slots=True)
class Modules:
    """The attributes of one SOP Class that our objects rely on."""

    filled: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)

    def __add__(self, other: Modules) -> Modules:
        return Modules(self.filled + other.filled, self.present + other.present, {**self.fixed, **other.fixed})


_PATIENT_AND_STUDY: Final = Modules(  # C.7.1.1, C.7.2.1
    filled=("StudyInstanceUID",),
    present=(
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    ),
)
_EVERY_OBJECT: Final = _PATIENT_AND_STUDY + Modules(
    filled=(
        *("SeriesInstanceUID", "SeriesNumber", "InstanceNumber", "Modality"),  # C.7.3.1
        *("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "DeviceSerialNumber"),  # C.7.5.2
        *("SOPClassUID", "SOPInstanceUID", "TimezoneOffsetFromUTC", "ContributingEquipmentSequence"),  # C.12.1
        *("ContentDate", "ContentTime", "InstanceCreationDate", "InstanceCreationTime"),
    ),
    fixed={"SpecificCharacterSet": "ISO_IR 192", "ContentQualification": "RESEARCH"},
)
_CONTENT_TREE: Final = Modules(  # C.17.3, and the evidence of C.17.2 and C.17.6.2
    filled=("ConceptNameCodeSequence", "ContentSequence", "CurrentRequestedProcedureEvidenceSequence"),
    present=("ReferencedPerformedProcedureStepSequence",),
    fixed={"ValueType": "CONTAINER", "ContinuityOfContent": "SEPARATE"},
)
_REPORT: Final = (  # A.35.1 to A.35.13
    _EVERY_OBJECT
    + _CONTENT_TREE
    + Modules(
        filled=("CompletionFlag", "CodingSchemeIdentificationSequence"),
        present=("PerformedProcedureCodeSequence",),
        fixed={"Modality": "SR", "VerificationFlag": "UNVERIFIED", "PreliminaryFlag": "PRELIMINARY"},
    )
)
_IMAGE: Final = Modules(  # C.7.6.1, C.7.6.3, C.12.2; everything we draw has 8 bits
    filled=("ImageType", "ImageLaterality", "LossyImageCompression", "Rows", "Columns", "PixelData"),
    fixed={"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0},
)
_CAPTURE: Final = (  # A.8.1
    _EVERY_OBJECT
    + _IMAGE
    + Modules(
        filled=("SourceImageSequence", "DerivationDescription", "ImageComments"),
        fixed={
            "Modality": "OT",
            "ConversionType": "WSD",
            "BurnedInAnnotation": "YES",
            "SamplesPerPixel": 3,
            "PhotometricInterpretation": "RGB",
            "PlanarConfiguration": 0,
        },
    )
)
_FRAMES: Final = Modules(filled=("NumberOfFrames", "FrameIncrementPointer"))  # A.8.5.4, C.8.6.2
_SEGMENTATION: Final = (  # A.51
    _EVERY_OBJECT
    + _IMAGE
    + Modules(
        filled=(
            *("SegmentSequence", "SegmentationFractionalType", "MaximumFractionalValue", "ContentLabel"),  # C.8.20.2
            *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "NumberOfFrames"),  # C.7.6.16
            *("DimensionOrganizationSequence", "DimensionIndexSequence"),  # C.7.6.17
        ),
        present=("ContentDescription", "ContentCreatorName", "PatientOrientation"),
        fixed={
            "Modality": "SEG",
            "SegmentationType": "FRACTIONAL",
            "BurnedInAnnotation": "NO",
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
        },
    )
)
_PDF: Final = _EVERY_OBJECT + Modules(  # A.45.1, C.24.2
    filled=("DocumentTitle", "EncapsulatedDocument", "EncapsulatedDocumentLength", "SourceInstanceSequence"),
    present=("AcquisitionDateTime", "ConceptNameCodeSequence"),
    fixed={
        "Modality": "DOC",
        "ConversionType": "WSD",
        "BurnedInAnnotation": "YES",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
    },
)
_KEY_OBJECT: Final = _EVERY_OBJECT + _CONTENT_TREE + Modules(fixed={"Modality": "KO"})  # A.35.4, C.17.6

MODULES_OF: Final[Mapping[str, Modules]] = {
    **dict.fromkeys(SOP_CLASS_OF_FORM.values(), _REPORT),
    SECONDARY_CAPTURE: _CAPTURE,
    MULTIFRAME_TRUE_COLOUR: _CAPTURE + _FRAMES,
    SEGMENTATION: _SEGMENTATION,
    ENCAPSULATED_PDF: _PDF,
    KEY_OBJECT: _KEY_OBJECT,
}
"""Every SOP Class that is written here, and what its objects must hold."""
