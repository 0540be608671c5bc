"""What every object says of its making: equipment, time of scoring, research only; and the file around it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from scoring.result import ScoreResult
from sr_templates import codes
from sr_templates.content_items import code_item
from sr_templates.dataset_bytes import dataset_bytes
from sr_templates.errors import InvalidResultError
from sr_templates.observer_context import MANUFACTURER, model_name, serial_number
from sr_templates.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_OFFSET: Final = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")


def add_production_modules(target: Dataset, result: ScoreResult, header: Dataset) -> None:
    """General Equipment and SOP Common (PS3.3 C.7.5.1, C.12.1); every date, the series' too, is that of the scoring.

    Timezone Offset From UTC holds for all times of an object, those of the study included: when the source says its
    offset, ours are told in it, else in UTC. The equipment that acquired the source is not told again: the references
    lead to it, and a de-identified study must not name its hospital.
    """
    moment, offset = _moment(result, header)
    target.TimezoneOffsetFromUTC = offset
    target.InstanceCreationDate = target.SeriesDate = target.ContentDate = moment.strftime("%Y%m%d")
    target.InstanceCreationTime = target.SeriesTime = target.ContentTime = moment.strftime("%H%M%S")
    target.Manufacturer = MANUFACTURER
    target.ManufacturerModelName = model_name(result)
    target.DeviceSerialNumber = serial_number(result)
    target.SoftwareVersions = software_versions(result)
    target.ContentQualification = "RESEARCH"
    target.ContributingEquipmentSequence = DicomSequence([_equipment(result, moment, offset)])


def software_versions(result: ScoreResult) -> list[str]:
    """Software and system with their versions (Software Versions is LO, 64 characters each)."""
    return [result.engine.software[:64], f"{result.system} {result.system_version}"[:64]]


def part10_file(dataset: Dataset) -> bytes:
    """The whole file (PS3.10) in Explicit VR Little Endian, the same bytes whenever the dataset is the same."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    head = DicomBytesIO()
    write_file_meta_info(head, meta)
    return b"\0" * 128 + b"DICM" + head.getvalue() + dataset_bytes(dataset)


def _moment(result: ScoreResult, header: Dataset) -> tuple[datetime, str]:
    try:
        moment = datetime.strptime(result.scored_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidResultError(f"scored_at is {result.scored_at!r}; wanted UTC as 2026-01-31T12:00:00Z.") from None
    offset = str(header.get("TimezoneOffsetFromUTC") or "").strip()
    if not _OFFSET.fullmatch(offset):
        return moment, "+0000"
    sign = -1 if offset[0] == "-" else 1
    zone = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:])))
    return moment.astimezone(zone), offset


def _equipment(result: ScoreResult, moment: datetime, offset: str) -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = DicomSequence([code_item(codes.PROCESSING_EQUIPMENT)])
    item.Manufacturer = MANUFACTURER
    item.ManufacturerModelName = model_name(result)
    item.DeviceSerialNumber = serial_number(result)
    item.SoftwareVersions = software_versions(result)
    item.ContributionDateTime = moment.strftime("%Y%m%d%H%M%S") + offset
    item.ContributionDescription = f"Scored; weights digest {result.weights_digest}"
    return item
