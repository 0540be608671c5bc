"""Our own check of a finished object, before it may be sent: modules, types, values, the rules of the content tree.

It knows what our objects rely on, not the whole Standard: dciodvfy judges that in the tests. Attributes copied from
the source's patient and study are checked for presence only; their values are not ours to correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pydicom import config
from pydicom.datadict import dictionary_VM
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from sr_templates import codes
from sr_templates.document_forms import MULTIFRAME_TRUE_COLOUR, SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from sr_templates.errors import InvalidObjectError
from sr_templates.inherited_modules import INHERITED
from sr_templates.report_tree_check import refuse_invalid_tree

_ALWAYS_FILLED: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "InstanceNumber",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
    "DeviceSerialNumber",
    "ContentDate",
    "ContentTime",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "TimezoneOffsetFromUTC",
    "ContentQualification",
)
_ALWAYS_PRESENT: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_REPORT_FILLED: Final = (
    "CompletionFlag",
    "VerificationFlag",
    "ValueType",
    "ConceptNameCodeSequence",
    "ContinuityOfContent",
    "ContentSequence",
    "CurrentRequestedProcedureEvidenceSequence",
    "CodingSchemeIdentificationSequence",
)
_REPORT_PRESENT: Final = ("PerformedProcedureCodeSequence", "ReferencedPerformedProcedureStepSequence")
_PICTURE_FILLED: Final = (
    "ConversionType",
    "ImageType",
    "BurnedInAnnotation",
    "ImageLaterality",
    "SourceImageSequence",
    "ReferencedSeriesSequence",
    "DerivationDescription",
    "ImageComments",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PlanarConfiguration",
    "PixelData",
)
_UID: Final = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_REFERENCED_UID: Final = re.compile(r"[0-9.]+")
_FIXED: Final = {
    "SpecificCharacterSet": "ISO_IR 192",
    "ContentQualification": "RESEARCH",
    "VerificationFlag": "UNVERIFIED",
    "ConversionType": "WSD",
    "BurnedInAnnotation": "YES",
}


def refuse_invalid_object(dataset: Dataset) -> None:
    """Raise InvalidObjectError naming the first attribute or content item that is not valid."""
    picture = dataset.get("SOPClassUID") in (SECONDARY_CAPTURE, MULTIFRAME_TRUE_COLOUR)
    if not picture and dataset.get("SOPClassUID") not in SOP_CLASS_OF_FORM.values():
        raise InvalidObjectError(f"SOPClassUID {dataset.get('SOPClassUID')} is not one that is written here.")
    _refuse_gaps(dataset, _ALWAYS_FILLED + (_PICTURE_FILLED if picture else _REPORT_FILLED), filled=True)
    _refuse_gaps(dataset, _ALWAYS_PRESENT + (() if picture else _REPORT_PRESENT), filled=False)
    for keyword, wanted in _FIXED.items():
        if keyword in dataset and dataset.get(keyword) != wanted:
            raise InvalidObjectError(f"{keyword} must be {wanted}, found {dataset.get(keyword)!r}.")
    for where, element in _own_elements(dataset):
        _refuse_value(where, element)
    if picture:
        _refuse_wrong_pixels(dataset)
    else:
        refuse_invalid_tree(dataset)


def _refuse_gaps(dataset: Dataset, keywords: tuple[str, ...], filled: bool) -> None:
    for keyword in keywords:
        if keyword not in dataset:
            raise InvalidObjectError(f"{keyword} is missing.")
        if filled and dataset[keyword].is_empty:
            raise InvalidObjectError(f"{keyword} is empty; it must have a value.")


def _own_elements(dataset: Dataset) -> Iterator[tuple[str, DataElement]]:
    """Every element that we made, with the place of its item; patient, study and trial belong to the source.

    An item that stands in many sequences, as a code does, comes once, at one of its places: half the elements of a
    report.
    """
    waiting, seen = [("", dataset)], {id(dataset)}
    while waiting:
        where, item = waiting.pop()
        for element in item:
            if where or element.keyword not in INHERITED:
                yield where, element
                if element.VR == "SQ":
                    new = [(number, part) for number, part in enumerate(element.value) if id(part) not in seen]
                    seen.update(id(part) for _, part in new)
                    waiting += [(f"{where}{element.keyword}[{number}].", part) for number, part in new]


def _refuse_value(where: str, element: DataElement) -> None:
    if not element.keyword:
        raise InvalidObjectError(f"{where}{element.tag} is in no dictionary.")
    if element.VR == "SQ" or element.is_empty:
        return
    least, most = _allowed_count(element.tag)
    found = element.VM
    if not least <= found <= most:
        raise InvalidObjectError(f"{where}{element.keyword} has {found} values; allowed are {least} to {most}.")
    if element.VR in ("OB", "OW", "FD", "FL", "US", "UL", "AT"):
        return
    for value in element.value if found > 1 else [element.value]:
        fault = _uid_fault(str(value), bool(where)) if element.VR == "UI" else _value_fault(element.VR, str(value))
        if fault:
            raise InvalidObjectError(f"{where}{element.keyword} ({element.VR}) is not valid: {fault}")


@lru_cache(maxsize=4096)
def _value_fault(vr: str, value: str) -> str:
    """What is wrong with a value of this type; most codes and units come many times in one report."""
    try:
        validate_value(vr, value, config.RAISE)
    except ValueError as error:
        return str(error)
    return ""


def _uid_fault(uid: str, referenced: bool) -> str:
    """Our own UIDs are valid; a reference repeats what the source has, leading zeros included."""
    pattern = _REFERENCED_UID if referenced else _UID
    return "" if pattern.fullmatch(uid) and len(uid) <= 64 else repr(uid)


@lru_cache(maxsize=512)
def _allowed_count(tag: int) -> tuple[int, float]:
    lowest, _, highest = dictionary_VM(tag).partition("-")
    return int(lowest), float("inf") if highest in ("n", "2n", "3n") else int(highest or lowest)


def _refuse_wrong_pixels(dataset: Dataset) -> None:
    frames = int(dataset.get("NumberOfFrames") or 1)
    labels = dataset["FrameLabelVector"].VM if "FrameLabelVector" in dataset else 0
    if dataset.SOPClassUID == MULTIFRAME_TRUE_COLOUR and labels != frames:
        raise InvalidObjectError(f"FrameLabelVector has {labels} labels for {frames} frames.")
    wanted = frames * int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel)
    found = len(dataset.PixelData)
    if found != wanted + wanted % 2:
        raise InvalidObjectError(f"PixelData holds {found} bytes; frames, Rows, Columns and samples make {wanted}.")
    if any(
        i.PurposeOfReferenceCodeSequence[0].CodeValue != codes.SOURCE_IMAGE.value for i in dataset.SourceImageSequence
    ):
        raise InvalidObjectError("SourceImageSequence names an image without its purpose.")
