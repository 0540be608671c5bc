"""A phantom as a DICOM image that nobody can mistake for a patient's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

from scoring.phantoms.lead_letters import lettering
from scoring.score_rules.sharp_van_der_heijde import Side

SopClass = Literal["CR", "DX"]
Photometric = Literal["MONOCHROME1", "MONOCHROME2"]

UID_NAMESPACE: Final = uuid.UUID("6a1d3c52-52a6-5c0e-9d55-8f0f6b0a7e11")
HIGHEST_VALUE: Final = 4095
_STUDY_TIME: Final = "090000"
COMMENT: Final = "SYNTHETIC PHANTOM, NOT A PATIENT"
SOP_CLASSES: Final = {"CR": ComputedRadiographyImageStorage, "DX": DigitalXRayImageStorageForPresentation}
# Anatomical position has the palm in front and the thumb outwards: rows run to the patient's left in either hand,
# columns from the fingers up the arm, towards the head.
ORIENTATION: Final = ("L", "H")
TRIAL_TYPE_2: Final = ("ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName")


def phantom_uid(*names: object) -> str:
    """A UID (2.25 form) that depends on ``names`` only."""
    return f"2.25.{uuid.uuid5(UID_NAMESPACE, '/'.join(str(name) for name in names)).int}"


def hand_dataset(
    phantom_pixels: npt.NDArray[np.float32],
    spacing_mm: float,
    side: Side | Literal["B"],
    seed: int,
    *,
    study_instance_uid: str | None = None,
    sop_class: SopClass = "CR",
    photometric: Photometric = "MONOCHROME2",
    instance_number: int = 1,
    study_date: str = "20260105",
    patient_id: str | None = None,
    trial: Mapping[str, str] | None = None,
) -> Dataset:
    """Wrap phantom pixels (rows, columns; 0..1, bone bright) as a CR or DX image, 12 bits stored in 16.

    Args:
        side: patient's side, ``"B"`` when both hands are in the picture.
        seed: of the phantom; UIDs follow from it, from the study and from ``instance_number``.
        study_instance_uid: ``None`` derives one from the patient and the date.
        photometric: ``MONOCHROME1`` stores the inverted values.
        trial: clinical-trial attributes by keyword, such as ``ClinicalTrialProtocolID``.
    """
    patient = patient_id or f"PHANTOM-{seed}"
    study = study_instance_uid or phantom_uid("study", patient, study_date)
    names = (study, sop_class, seed, side, instance_number)
    ds = Dataset()
    ds.SOPClassUID = SOP_CLASSES[sop_class]
    ds.SOPInstanceUID = UID(phantom_uid("instance", photometric, *names))
    patient_and_study(ds, patient, "hand", seed, study, study_date, _STUDY_TIME, trial or {})
    ds.SeriesInstanceUID = phantom_uid("series", study, sop_class, side)
    ds.SeriesNumber = {"R": 1, "L": 2, "B": 3}[side]
    ds.SeriesDescription = "PHANTOM hand PA"
    ds.Modality = sop_class
    ds.Manufacturer = "rheumascore"
    ds.ManufacturerModelName = "phantom hand"
    ds.SoftwareVersions = "1"
    ds.InstanceNumber = instance_number
    ds.AcquisitionNumber = 1
    ds.ContentDate = ds.AcquisitionDate = ds.SeriesDate = study_date
    ds.ContentTime = ds.AcquisitionTime = ds.SeriesTime = _STUDY_TIME
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.DerivationDescription = "Drawn by a program, no X-rays were used"
    ds.ImageComments = COMMENT
    ds.BurnedInAnnotation = "YES"
    ds.PatientOrientation = list(ORIENTATION)
    ds.BodyPartExamined = "HAND"
    ds.ViewPosition = "PA"
    _geometry(ds, spacing_mm, sop_class, side, photometric)
    _store_pixels(ds, phantom_pixels, spacing_mm, photometric)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def patient_and_study(
    ds: Dataset,
    patient: str,
    what: Literal["hand", "nailfold"],
    seed: int,
    study: str,
    date: str,
    time: str,
    trial: Mapping[str, str],
) -> None:
    """The modules Patient, General Study and Clinical Trial Subject of a phantom."""
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = f"PHANTOM^{what.upper()} {seed}"
    ds.PatientID = patient
    ds.PatientBirthDate = ""
    ds.PatientSex = "O"
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Never a patient: synthetic phantom"
    ds.StudyInstanceUID = study
    ds.StudyID = f"P{seed}"[:16]
    ds.StudyDate, ds.StudyTime = date, time
    ds.StudyDescription = f"PHANTOM {what}s"
    ds.AccessionNumber = ""
    ds.ReferringPhysicianName = ""
    for keyword, value in {**dict.fromkeys(TRIAL_TYPE_2 if trial else (), ""), **trial}.items():
        setattr(ds, keyword, value)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _geometry(
    ds: Dataset, spacing_mm: float, sop_class: SopClass, side: Side | Literal["B"], photometric: Photometric
) -> None:
    ds.ImagerPixelSpacing = [f"{spacing_mm:.6g}"] * 2
    ds.ImageLaterality = side
    if sop_class == "CR":
        if side != "B":
            ds.Laterality = side
            del ds.ImageLaterality
        return
    ds.PresentationIntentType = "FOR PRESENTATION"
    region = code("85562004", "SCT", "Hand")
    ds.AnatomicRegionSequence = Sequence([region])
    view = code("399348003", "SCT", "postero-anterior")
    view.ViewModifierCodeSequence = Sequence()
    ds.ViewCodeSequence = Sequence([view])
    ds.DetectorType = "STORAGE"
    ds.PositionerType = "NONE"
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = -1 if photometric == "MONOCHROME2" else 1
    ds.AcquisitionContextSequence = Sequence()


def _store_pixels(ds: Dataset, pixels: npt.NDArray[np.float32], spacing_mm: float, photometric: Photometric) -> None:
    values = stamped(pixels, spacing_mm)
    stored = np.rint(values * HIGHEST_VALUE).astype(np.uint16)
    if photometric == "MONOCHROME1":
        stored = (HIGHEST_VALUE - stored).astype(np.uint16)
    ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PresentationLUTShape = "IDENTITY" if photometric == "MONOCHROME2" else "INVERSE"
    ds.LossyImageCompression = "00"
    ds.WindowCenter, ds.WindowWidth = "2047.5", "4096"
    ds.PixelData = stored.astype("<u2").tobytes()


def stamped(pixels: npt.NDArray[np.float32], spacing_mm: float) -> npt.NDArray[np.float32]:
    """The picture with "PHANTOM" burned into its lower left corner, in letters 3 mm high."""
    text = lettering("PHANTOM", round(3.0 / spacing_mm))
    picture = pixels.copy()
    rows, columns = min(text.shape[0], picture.shape[0]), min(text.shape[1], picture.shape[1])
    corner = picture[-rows:, :columns]
    ink = 1.0 if float(corner.mean()) < 0.6 else 0.0
    corner += text[:rows, :columns] * (np.float32(ink) - corner)
    return picture
