"""One picture as a DICOM data set: whose it is, what it shows, its pixels."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

from dicom_node.errors import WrapError
from dicom_node.photographs.burned_in_text import looks_written_on
from dicom_node.photographs.colour_profile import input_profile
from dicom_node.photographs.photo_kind import PhotoKind, set_dermoscopy, set_kind
from dicom_node.photographs.photo_pixels import set_pixels
from dicom_node.photographs.picture_file import PictureFile, is_colourless
from dicom_node.photographs.pictured_finger import PicturedFinger
from dicom_node.receiving.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scoring.score_rules.nail_units import NAIL_UNITS

_NAMESPACE: Final = uuid.UUID("3f0f2d5e-6a0b-5a59-9d2f-1c60f2b7a4c1")
_SCALE: Final = "Scale declared when the photograph was wrapped, not read from it"


@dataclass(frozen=True, slots=True)
class PhotoVisit:
    """What all pictures of a call have in common; ``trial``: protocol, site, subject and, if told, time point."""

    kind: PhotoKind
    patient_id: str
    patient_name: str
    side: str
    trial: tuple[str, ...]
    study_uid: str
    taken: datetime


def photo_dataset(
    picture: PictureFile,
    visit: PhotoVisit,
    place: PicturedFinger,
    digest: str,
    number: int,
    tell: Callable[[str], None],
) -> FileDataset:
    """The ``number``-th picture of a visit; ``digest``: of its file. WrapError for a nailfold without colour.

    ``tell`` is called with what a person should look at, in words that do not name the picture.
    """
    kind = visit.kind
    grey = is_colourless(picture.image) if kind.radiograph or kind.nailfold else False
    if grey and kind.nailfold:
        raise WrapError(
            f"{picture.name} has no colour: nailfolds are photographed in colour. A radiograph is --kind hand."
        )
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind.sop_class_uid
    meta.MediaStorageSOPInstanceUID = photo_uid("instance", visit.study_uid, digest, str(number))
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _set_visit(dataset, visit, number, picture.taken)
    set_kind(dataset, kind, NAIL_UNITS[place.finger] if place.finger else kind.region)
    _note_writing(dataset, picture, tell)
    if kind.nailfold:
        _set_finger(dataset, visit, place)
    set_pixels(dataset, picture, grey=grey)
    if dataset.SamplesPerPixel == 3:
        _set_colours(dataset, picture, tell)
    return dataset


def _set_visit(dataset: Dataset, visit: PhotoVisit, number: int, taken: datetime) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientID, dataset.PatientName = visit.patient_id, visit.patient_name
    dataset.StudyInstanceUID = UID(visit.study_uid)
    dataset.SeriesInstanceUID = photo_uid("series", visit.study_uid, visit.kind.modality)
    dataset.InstanceNumber, dataset.SeriesNumber = number, 1
    dataset.StudyDate = dataset.SeriesDate = visit.taken.strftime("%Y%m%d")
    dataset.StudyTime = dataset.SeriesTime = visit.taken.strftime("%H%M%S")
    dataset.ContentDate, dataset.ContentTime = taken.strftime("%Y%m%d"), taken.strftime("%H%M%S")
    for keyword in ("PatientBirthDate", "PatientSex", "ReferringPhysicianName", "StudyID", "AccessionNumber"):
        setattr(dataset, keyword, "")
    dataset.Manufacturer = dataset.PatientOrientation = ""
    if visit.side:
        dataset.ImageLaterality = visit.side
    if visit.trial:
        dataset.ClinicalTrialSponsorName, dataset.ClinicalTrialProtocolName = visit.trial[0], ""
        dataset.ClinicalTrialProtocolID, dataset.ClinicalTrialSiteID, dataset.ClinicalTrialSubjectID = visit.trial[:3]
        dataset.ClinicalTrialSiteName = ""
        dataset.ClinicalTrialTimePointID = visit.trial[3] if len(visit.trial) == 4 else ""


def _set_finger(dataset: Dataset, visit: PhotoVisit, place: PicturedFinger) -> None:
    """Side, finger as tracking identifier (the region says it in a code), scale and magnification."""
    if place.side:
        dataset.ImageLaterality = place.side
    elif not visit.side:
        dataset.Laterality = ""  # a finger has a side, even where nobody said which (PS3.3 C.7.3.1, type 2C)
    if place.um_per_px:
        dataset.PixelSpacing = [f"{place.um_per_px / 1000:.8g}"] * 2
        dataset.ImageComments = _SCALE
    if visit.kind.dermoscopic:
        name = str(place)
        set_dermoscopy(dataset, place.magnification, photo_uid("frame of reference", visit.study_uid, name))
        if place.side and place.finger:
            dataset.TrackingID, dataset.TrackingUID = name, photo_uid("finger", visit.patient_id, name)


def _note_writing(dataset: Dataset, picture: PictureFile, tell: Callable[[str], None]) -> None:
    """What is written into pixels stays there: it is said in the header and to the person at the keyboard.

    That nothing was noticed is no proof that there is nothing: then the header says neither yes nor no.
    """
    if looks_written_on(picture.image):
        dataset.BurnedInAnnotation = "YES"
        tell(
            "Something seems to be written on it. If it is a name, take or export the picture without it: nothing is "
            "removed from pixels."
        )


def _set_colours(dataset: Dataset, picture: PictureFile, tell: Callable[[str], None]) -> None:
    """ICC Profile Module (PS3.3 C.11.15), where the picture says what its colours mean; else they are sRGB."""
    said = picture.image.info.get("icc_profile")
    if profile := input_profile(said):
        dataset.ICCProfile = profile
    elif said:
        tell("Its colour profile is not kept: colours may show a little differently.")


def photo_uid(*parts: str) -> UID:
    """The UID (2.25 form) of these names; always the same."""
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, '|'.join(parts)).int}")
