"""Do the images of one result belong together? What their headers must agree on before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydicom.dataset import Dataset

from sr_templates.errors import SourceMismatchError
from sr_templates.header_text import decode_text

_OF_THE_PATIENT: Final = (
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
)
_OF_THE_STUDY: Final = ("StudyDate", "StudyID", "AccessionNumber", "ClinicalTrialTimePointID")
"""Asked of the images of one study only: a follow-up's baseline has others."""
_NEVER_MISSING_IN_ONE: Final = "PatientID"
"""The one attribute whose absence beside a value is a disagreement: nothing else says that it is the same patient."""


def refuse_disagreeing_sources(headers: Iterable[Dataset]) -> None:
    """Raise SourceMismatchError naming the attribute, never its value, on which images of one result disagree.

    Who it is and which visit must be the same wherever two headers both say it. The spelling of a name, sex, age,
    descriptions and the time of the study differ between two devices of one department without anything being wrong;
    the objects then carry what their home header says.
    """
    studies: dict[str, list[Dataset]] = {}
    for header in headers:
        decode_text(header, (*_OF_THE_PATIENT, *_OF_THE_STUDY))
        studies.setdefault(_said(header, "StudyInstanceUID"), []).append(header)
    _refuse([header for study in studies.values() for header in study], _OF_THE_PATIENT)
    for study in studies.values():
        _refuse(study, _OF_THE_STUDY)


def _refuse(headers: list[Dataset], keywords: Iterable[str]) -> None:
    for keyword in keywords:
        said = {_said(header, keyword) for header in headers}
        if len(said if keyword == _NEVER_MISSING_IN_ONE else said - {""}) > 1:
            raise SourceMismatchError(
                f"The images of one result disagree on {keyword}; correct the headers at the source and send them "
                "again under new SOP Instance UIDs."
            )


def _said(header: Dataset, keyword: str) -> str:
    try:
        return str(header.get(keyword) or "").strip()
    except Exception:  # a hostile value may raise anything while it is converted; it then counts as absent
        return ""
