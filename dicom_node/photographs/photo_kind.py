"""What a picture becomes: the SOP Class, Modality and region of each kind, and the modules that only it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DermoscopicPhotographyImageStorage,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from scoring.coded_concept import CodedConcept
from scoring.score_rules.nail_units import ANY_NAIL_UNIT


@dataclass(frozen=True, slots=True)
class PhotoKind:
    """``radiograph``: a film that was photographed or exported, grey unless it has colour."""

    sop_class_uid: UID
    modality: str
    region: CodedConcept
    body_part: str = ""

    @property
    def radiograph(self) -> bool:
        """A grey film, not a photograph of a patient."""
        return self.modality == "RG"

    @property
    def nailfold(self) -> bool:
        """A picture of one finger."""
        return self.region == ANY_NAIL_UNIT

    @property
    def dermoscopic(self) -> bool:
        """Taken through a dermatoscope or a lens like one."""
        return self.modality == "DMS"


_SKIN: Final = CodedConcept("39937001", "SCT", "Skin")
HAND: Final = PhotoKind(SecondaryCaptureImageStorage, "RG", CodedConcept("85562004", "SCT", "Hand"), "HAND")
SKIN: Final = PhotoKind(VLPhotographicImageStorage, "XC", _SKIN)
NAILFOLD: Final = PhotoKind(DermoscopicPhotographyImageStorage, "DMS", ANY_NAIL_UNIT)
NAILFOLD_PHOTOGRAPH: Final = PhotoKind(VLPhotographicImageStorage, "XC", ANY_NAIL_UNIT)
"""For archives that do not know Dermoscopic Photography."""
KINDS: Final[Mapping[str, PhotoKind]] = {"hand": HAND, "skin": SKIN, "nailfold": NAILFOLD}


def set_kind(dataset: Dataset, kind: PhotoKind, region: CodedConcept) -> None:
    """Image type, region, and what the IOD of the kind asks for (PS3.3 A.8.1, A.32.4, A.32.12)."""
    dataset.SOPClassUID, dataset.Modality = kind.sop_class_uid, kind.modality
    if kind.radiograph:
        dataset.ConversionType, dataset.ImageType = "DF", ["DERIVED", "SECONDARY"]
    else:
        dataset.ImageType, dataset.AcquisitionContextSequence = ["ORIGINAL", "PRIMARY"], []
    if kind.body_part:
        dataset.BodyPartExamined = kind.body_part
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = region.value, region.scheme, region.meaning
    dataset.AnatomicRegionSequence = [item]


def set_dermoscopy(dataset: Dataset, magnification: float | None, frame_of_reference_uid: UID) -> None:
    """Modules Dermoscopic Image and Enhanced General Equipment; nobody is to be recognised by a fingertip.

    A phone's EXIF may name its owner where a maker should stand: the equipment is said to be unknown.
    """
    dataset.Manufacturer = dataset.ManufacturerModelName = dataset.DeviceSerialNumber = "UNKNOWN"
    dataset.SoftwareVersions = "UNKNOWN"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.ContactMethod = dataset.LightSourcePolarization = ""
    dataset.EmitterColorTemperature = None
    dataset.OpticalMagnificationFactor = magnification
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = frame_of_reference_uid, ""
