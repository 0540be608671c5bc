"""Patient, study and clinical-trial modules taken over from the source image, whatever real life sends.

Values are never altered, only decoded (``header_text``): the objects are written in UTF-8 (ISO_IR 192). Attributes that
the Standard requires to be present (type 2) and the source lacks are written empty. Left out are only a number that is
no number and an attribute sent as a sequence that is none, or the other way round: there is nothing to carry over.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any, Final

from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import PersonName

from sr_templates.errors import SourceMismatchError
from sr_templates.header_text import decode_text
from sr_templates.patient_and_study_attributes import PATIENT, PATIENT_STUDY, REQUIRED, STUDY, TRIAL

INHERITED: Final = (*REQUIRED, *PATIENT, *STUDY, *PATIENT_STUDY, *TRIAL)
"""Attributes of the patient, the study and the trial; none of the acquisition, none of the series but the centre."""

_TRIAL_REQUIRED: Final = {
    "ClinicalTrialSponsorName": ("ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName"),
    "ClinicalTrialTimePointDescription": ("ClinicalTrialTimePointID",),
}
"""Type 2 once a module is there, told by the attribute before the colon (PS3.3 C.7.1.3, C.7.2.3)."""


def inherited_modules(header: Dataset, study_instance_uid: str) -> Dataset:
    """Patient, study and trial attributes of ``header``, decoded, for an object in ISO_IR 192.

    Raises SourceMismatchError when the header is of another study than the result.
    """
    found = str(header.get("StudyInstanceUID") or "")
    if found != study_instance_uid:
        raise SourceMismatchError(
            "A source image belongs to another study than the result that was made from it; "
            f"the result says {study_instance_uid}, the image says {found or 'nothing'}. Score the study again."
        )
    decode_text(header, INHERITED)
    # An odd value is carried over as it is. Telling of it would write a patient's data into the log.
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        return _taken(header)


def _taken(header: Dataset) -> Dataset:
    taken = Dataset()
    taken.SpecificCharacterSet = "ISO_IR 192"
    for keyword in INHERITED:
        element = _decoded(header, keyword)
        if element is not None and (keyword in REQUIRED or not element.is_empty):
            taken.add(element)
        elif keyword in REQUIRED:
            setattr(taken, keyword, "")
    for sign, keywords in _TRIAL_REQUIRED.items():
        for keyword in keywords:
            if sign in taken and keyword not in taken:
                setattr(taken, keyword, "")
    return taken


def _decoded(header: Dataset, keyword: str) -> DataElement | None:
    """The element with the type of the dictionary; None when absent or not readable."""
    try:
        element, vr = header[keyword], dictionary_VR(keyword)
        return None if (element.VR == "SQ") != (vr == "SQ") else _copy(element, vr)
    except Exception:  # a hostile value may raise anything while it is converted; it then counts as absent
        return None


def _copy(element: DataElement, vr: str) -> DataElement:
    return DataElement(element.tag, vr, _plain(element.value), validation_mode=config.IGNORE, already_converted=True)


def _plain(value: Any) -> Any:
    """The value free of the bytes that it came from: pydicom would write those, in the source's character set."""
    if isinstance(value, PersonName):
        return PersonName(str(value), validation_mode=config.IGNORE)
    if isinstance(value, DicomSequence):
        return DicomSequence([_plain_item(item) for item in value])
    if isinstance(value, MultiValue):
        return MultiValue(_plain, value)
    return deepcopy(value)


def _plain_item(item: Dataset) -> Dataset:
    plain = Dataset()
    for element in item:
        if not element.tag.is_private and element.keyword != "SpecificCharacterSet":
            plain.add(_copy(element, element.VR))
    return plain
