"""JPEG and PNG pictures to DICOM without recompression.

A JPEG's coded bytes are encapsulated as they are, without its application segments (EXIF, position, thumbnails); one
that EXIF says must be turned, and every PNG, is stored uncompressed and upright. So is a radiograph that was saved as
a colour JPEG without any colour: its luminance is the film. ``hand`` makes a Secondary Capture
of a radiograph (Modality RG), ``skin`` a VL Photographic Image (XC), ``nailfold`` a Dermoscopic one (DMS).
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from dicom_node.errors import WrapError
from dicom_node.receiving.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scoring.errors import ImageUnreadableError

_NAMESPACE: Final = uuid.UUID("3f0f2d5e-6a0b-5a59-9d2f-1c60f2b7a4c1")
_LARGEST_PIXELS: Final = 100_000_000
_LEAST_CHROMA: Final = 6
"""Rounding of a colourless picture's coding stays below it."""


@dataclass(frozen=True, slots=True)
class _Kind:
    sop_class_uid: str
    modality: str
    body_part: str
    region: tuple[str, str, str]


_KINDS: Final = {
    "hand": _Kind("1.2.840.10008.5.1.4.1.1.7", "RG", "HAND", ("85562004", "SCT", "Hand")),
    "skin": _Kind("1.2.840.10008.5.1.4.1.1.77.1.4", "XC", "", ("39937001", "SCT", "Skin")),
    "nailfold": _Kind("1.2.840.10008.5.1.4.1.1.77.1.7", "DMS", "", ("39937001", "SCT", "Skin")),
}


def wrap_photos(
    photos: Sequence[Path],
    kind: str,
    patient_id: str,
    out: Path,
    *,
    side: str = "",
    trial: str = "",
    patient_name: str = "",
) -> Iterator[Path]:
    """Wrap pictures into one study; the files in order. The same pictures and ids give the same UIDs.

    Raises WrapError for a kind, side or trial that is not allowed, ImageUnreadableError for a broken picture.
    """
    if kind not in _KINDS:
        raise WrapError(f"kind: got {kind!r}, allowed: {', '.join(_KINDS)}.")
    if side not in ("", "L", "R", "B"):
        raise WrapError(f"side: got {side!r}, allowed: L, R, B or nothing.")
    digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in photos]
    study_uid = _uid("study", patient_id, trial, *digests)
    out.mkdir(parents=True, exist_ok=True)
    for number, (photo, digest) in enumerate(zip(photos, digests, strict=True), start=1):
        dataset = _dataset(photo, _KINDS[kind], digest, study_uid, number)
        dataset.PatientID, dataset.PatientName = patient_id, patient_name
        dataset.ImageLaterality = side if side else None
        _set_trial(dataset, trial)
        if not side:
            del dataset.ImageLaterality
        path = out / f"{number:03d}_{photo.stem}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        yield path


def _dataset(photo: Path, kind: _Kind, digest: str, study_uid: str, number: int) -> FileDataset:
    content = photo.read_bytes()
    picture = _open(content, photo.name)
    if kind.modality == "RG":
        picture = _without_empty_colour(picture)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(kind.sop_class_uid)
    meta.MediaStorageSOPInstanceUID = _uid("instance", study_uid, digest, str(number))
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset = FileDataset(str(photo.name), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    _set_identity(dataset, kind, meta, study_uid, number, datetime.fromtimestamp(photo.stat().st_mtime, UTC))
    turned = picture.getexif().get(0x0112, 1) != 1
    as_coded = picture.mode in ("L", "RGB") and not picture.info.keys() & {"progressive", "colourless"}
    if picture.format == "JPEG" and as_coded and not turned:
        _set_jpeg(dataset, picture, content)
    else:
        _set_uncompressed(dataset, picture)
    return dataset


def _open(content: bytes, name: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
        if picture.width * picture.height > _LARGEST_PIXELS:
            raise WrapError(f"{name} has {picture.width} x {picture.height} pixels; at most 100 million are wrapped.")
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ImageUnreadableError(f"{name} is no whole JPEG or PNG; export it as JPEG or PNG and try again.") from None
    return picture


def _without_empty_colour(picture: Image.Image) -> Image.Image:
    """A radiograph saved as a colour picture without any colour is a grey one; one with colour stays as it is."""
    if picture.mode not in ("RGB", "RGBA", "P"):
        return picture
    luminance, *chroma = (np.asarray(band, np.int16) for band in picture.convert("YCbCr").split())
    if max(np.abs(band - 128).max() for band in chroma) > _LEAST_CHROMA:
        return picture
    grey = Image.fromarray(luminance.astype(np.uint8))
    grey.format, grey.info = picture.format, {**picture.info, "colourless": True}
    return grey


def _set_identity(
    dataset: Dataset, kind: _Kind, meta: FileMetaDataset, study_uid: str, number: int, taken: datetime
) -> None:
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID(study_uid), _uid("series", study_uid, kind.modality)
    dataset.Modality, dataset.InstanceNumber, dataset.SeriesNumber = kind.modality, number, 1
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = taken.strftime("%Y%m%d")
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = taken.strftime("%H%M%S")
    for keyword in ("PatientBirthDate", "PatientSex", "ReferringPhysicianName", "StudyID", "AccessionNumber"):
        setattr(dataset, keyword, "")
    dataset.Manufacturer = dataset.PatientOrientation = ""
    if kind.modality == "RG":
        dataset.ConversionType, dataset.ImageType = "DF", ["DERIVED", "SECONDARY"]
    else:
        dataset.ImageType, dataset.AcquisitionContextSequence = ["ORIGINAL", "PRIMARY"], []
    if kind.body_part:
        dataset.BodyPartExamined = kind.body_part
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = kind.region
    dataset.AnatomicRegionSequence = [region]
    dataset.BurnedInAnnotation = "NO"


def _set_trial(dataset: Dataset, trial: str) -> None:
    if not trial:
        return
    parts = trial.split("/")
    if not 3 <= len(parts) <= 4 or not all(parts):
        raise WrapError(f"trial: got {trial!r}, allowed: PROTOCOL/SITE/SUBJECT or PROTOCOL/SITE/SUBJECT/TIMEPOINT.")
    dataset.ClinicalTrialSponsorName, dataset.ClinicalTrialProtocolName = parts[0], ""
    dataset.ClinicalTrialProtocolID, dataset.ClinicalTrialSiteID, dataset.ClinicalTrialSubjectID = parts[:3]
    dataset.ClinicalTrialSiteName = ""
    dataset.ClinicalTrialTimePointID = parts[3] if len(parts) == 4 else ""


def _set_jpeg(dataset: FileDataset, picture: Image.Image, content: bytes) -> None:
    coded = strip_application_segments(content)
    colour = picture.mode == "RGB"
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PhotometricInterpretation = "YBR_FULL_422" if colour else "MONOCHROME2"
    _set_grid(dataset, picture.height, picture.width, 3 if colour else 1, 8)
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    raw = picture.width * picture.height * (3 if colour else 1)
    dataset.LossyImageCompressionRatio = f"{raw / max(1, len(coded)):.2f}"
    dataset.PixelData = encapsulate([coded])
    dataset["PixelData"].VR = "OB"


def _set_uncompressed(dataset: FileDataset, picture: Image.Image) -> None:
    upright = ImageOps.exif_transpose(picture)
    deep = upright.mode in ("I;16", "I;16B", "I")
    grey = deep or upright.mode in ("1", "L", "LA")
    values = np.asarray(upright, np.uint16) if deep else np.asarray(upright.convert("L" if grey else "RGB"))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PhotometricInterpretation = "MONOCHROME2" if grey else "RGB"
    _set_grid(dataset, values.shape[0], values.shape[1], 1 if grey else 3, 16 if deep else 8)
    dataset.LossyImageCompression = "01" if picture.format == "JPEG" else "00"
    stored = values.astype("<u2" if deep else np.uint8).tobytes()
    dataset.PixelData = stored + b"\0" * (len(stored) % 2)
    dataset["PixelData"].VR = "OW" if deep else "OB"


def _set_grid(dataset: Dataset, rows: int, columns: int, samples: int, bits: int) -> None:
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, samples
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits, bits - 1, 0
    if samples == 3:
        dataset.PlanarConfiguration = 0


def strip_application_segments(jpeg: bytes) -> bytes:
    """A JPEG's bytes without APP1-APP15 and comments (EXIF, position, thumbnails); coded pixels untouched."""
    kept, at = bytearray(jpeg[:2]), 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        size = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        marker = jpeg[at + 1]
        # Adobe's APP14 says how colour was coded: without it some decoders show other colours.
        if not (0xE1 <= marker <= 0xEF and marker != 0xEE) and marker != 0xFE:
            kept += jpeg[at : at + size]
        at += size
    return bytes(kept + jpeg[at:])


def _uid(*parts: str) -> UID:
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, '|'.join(parts)).int}")
