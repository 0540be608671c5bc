"""UIDs derived from what they name: the same content has the same UID on every machine and every day.

Each is ``2.25.`` and a name-based UUID (PS3.5 B.2, RFC 9562 version 5) over a namespace that belongs to rheumascore
alone. Archives keep the first object they get under a UID and drop later ones in silence, so whatever can change the
bytes must be part of the name: the digest of the stored result, the role, the form, and ``EDITION``.
"""

from __future__ import annotations

import uuid
from typing import Final

from pydicom.dataset import Dataset

from scoring.result import ScoreResult, Side
from sr_templates.header_text import decode_text

EDITION: Final = 2
"""Raised by one whenever the same stored result would be written in other bytes; a test holds the bytes fixed."""

_SUBJECT: Final = (
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "PatientID",
    "IssuerOfPatientID",
)
_NAMESPACE: Final = uuid.UUID("0c5d2f6e-5b0a-5d0e-9f53-7b1d6a3e9c41")


def derived_uid(*names: str) -> str:
    """The UID of what these names say together; at most 44 characters."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(n.replace('/', '//') for n in names)).int}"


IMPLEMENTATION_CLASS_UID: Final = derived_uid("implementation class", "sr_templates", str(EDITION))
IMPLEMENTATION_VERSION_NAME: Final = f"RHEUMASCORE_E{EDITION}"
"""At most 16 characters (PS3.7 D.3.3.2.3); says the edition of the writer, not the release of the software."""


def object_uid(result: ScoreResult, role: str, detail: str) -> str:
    """SOP Instance UID of one object: ``detail`` is the form of a report, the source image of a heatmap."""
    return derived_uid("instance", str(EDITION), role, detail, result.digest)


def series_uid(result: ScoreResult, kind: str) -> str:
    """Series Instance UID: one series for each stored result and kind (report, pictures).

    Never shared between results: equipment and software versions belong to the series (PS3.3 A.1.2) and may differ.
    """
    return derived_uid("series", str(EDITION), kind, result.study_instance_uid, result.digest)


def device_uid(result: ScoreResult) -> str:
    """Device Observer UID: this system with these weights under this software, wherever it runs."""
    return derived_uid("device", result.engine.software, result.system, result.system_version, result.weights_digest)


def tracking_uid(header: Dataset, instrument: str, side: Side | None, site: str) -> str:
    """Tracking Unique Identifier of a site: the same at every visit of the subject, with every system version."""
    return derived_uid("tracking", *_subject(header), instrument, side or "both", site)


def subject_uid(header: Dataset) -> str | None:
    """A hash that names the subject, the same at every visit; None when the header names only this study."""
    subject = _subject(header)
    return None if subject[0] == "study" else derived_uid("subject", *subject)


def _subject(header: Dataset) -> tuple[str, ...]:
    """Who it is, as far as the header says: the trial's subject, else the patient, else only this study."""
    decode_text(header, _SUBJECT)
    subject = _text(header, "ClinicalTrialSubjectID") or _text(header, "ClinicalTrialSubjectReadingID")
    if subject:
        return "trial subject", *(_text(header, f"ClinicalTrial{k}") for k in ("SponsorName", "ProtocolID")), subject
    if patient := _text(header, "PatientID"):
        return "patient", _text(header, "IssuerOfPatientID"), patient
    return "study", _text(header, "StudyInstanceUID")


def _text(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()
