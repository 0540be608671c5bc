"""What a person at the upload page says of a visit: whose it is, of which trial, and what each picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from core_lab.errors import UploadRefusedError
from dicom_node.photographs.given_files import LONGEST, is_long_string

_TRIAL: Final = {"protocol": "Protocol", "site": "Site", "subject": "Subject", "time_point": "Visit"}


@dataclass(frozen=True, slots=True)
class FormPicture:
    """One picture of the tray and whose nail it shows; ``side`` R, L or empty, ``finger`` RING or empty."""

    id: str
    side: str
    finger: str


@dataclass(frozen=True, slots=True)
class VisitForm:
    """``trial``: as ``wrap`` reads it, PROTOCOL/SITE/SUBJECT[/TIMEPOINT], or empty."""

    patient_id: str
    trial: str
    um_per_px: float | None
    magnification: float | None
    pictures: tuple[FormPicture, ...]
    confirmed: bool
    """Doubts were read, and it is sent nevertheless."""


def read_visit_form(said: Any) -> VisitForm:
    """Check the JSON that the page sends. UploadRefusedError names the field and what is allowed in it."""
    if not isinstance(said, dict):
        raise UploadRefusedError("The page sent something that it cannot have sent; load it again.")
    patient_id = _text(said, "patient_id", "Patient ID")
    if not patient_id:
        raise UploadRefusedError("Patient ID: is missing; write it as the trial or hospital does, without a name.")
    pictures = said.get("pictures")
    if not isinstance(pictures, list) or not pictures:
        raise UploadRefusedError("There is no picture to send yet.")
    return VisitForm(
        patient_id,
        _trial({key: _text(said, key, label) for key, label in _TRIAL.items()}),
        _number(said, "um_per_px", "Micrometres to a pixel"),
        _number(said, "magnification", "Magnification"),
        tuple(_picture(picture) for picture in pictures),
        said.get("confirmed") is True,
    )


def _text(said: dict[str, Any], key: str, label: str) -> str:
    value = said.get(key, "")
    text = value.strip() if isinstance(value, str) else ""
    if not isinstance(value, str) or not is_long_string(text):
        raise UploadRefusedError(f"{label}: at most {LONGEST} characters on one line, without backslash.")
    return text


def _trial(fields: dict[str, str]) -> str:
    if not any(fields.values()):
        return ""
    if slashed := next((key for key, value in fields.items() if "/" in value), None):
        raise UploadRefusedError(f"{_TRIAL[slashed]}: without the sign /, please.")
    if missing := [_TRIAL[key] for key in ("protocol", "site", "subject") if not fields[key]]:
        raise UploadRefusedError(f"{missing[0]}: is missing; a trial needs protocol, site and subject, or none.")
    return "/".join(value for value in fields.values() if value)


def _number(said: dict[str, Any], key: str, label: str) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10_000:
        raise UploadRefusedError(f"{label}: a number above 0 and below 10000, or nothing.")
    return float(value)


def _picture(said: Any) -> FormPicture:
    fields = [said.get(key) for key in ("id", "side", "finger")] if isinstance(said, dict) else [None]
    if not all(isinstance(field, str) for field in fields):
        raise UploadRefusedError("A picture without its side and finger was sent; load the page again.")
    return FormPicture(*map(str, fields))
