"""A patient whose every attribute is a mark that occurs nowhere else, and a search for the marks in any spelling."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from pydicom.dataset import Dataset

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand

TEXTS: Final = {
    "PatientName": "Qvarnström^Zoëlla=山崎^太郎=やまざき^たろう",
    "OtherPatientNames": "Жданова^Ирина",
    "PatientBirthName": "Οἰκονόμου^Ἑλένη",
    "PatientMotherBirthName": "בןדוד^שרה",
    "PatientID": "QZ-471193-X",
    "OtherPatientIDs": "QZOTHER-8842",
    "IssuerOfPatientID": "Qz Sankt Quirinus",
    "PatientBirthDate": "19370227",
    "PatientAddress": "Quendelgasse 71",
    "PatientTelephoneNumbers": "+49-171-5557731",
    "PatientComments": "Quittenallergie seit Kindheit",
    "AdditionalPatientHistory": "Qigongunfall an der Ostsee",
    "MedicalRecordLocator": "QZMRL-3310",
    "MilitaryRank": "Quartiermeisterin",
    "Occupation": "Querfloetistin",
    "EthnicGroup": "Quechua-Z",
    "AccessionNumber": "QZACC-90817",
    "StudyID": "QZSTUDY-55",
    "StudyDescription": "Quetschung nach Sturz Qzola",
    "SeriesDescription": "Qzserie links",
    "ProtocolName": "Qzprotokoll",
    "ImageComments": "Qzbild von Frau Q",
    "InstitutionName": "Qlinikum Qzberg",
    "InstitutionAddress": "Qzberg 12",
    "InstitutionalDepartmentName": "Qzrheuma",
    "StationName": "QZSTATION9",
    "ReferringPhysicianName": "Quacksalber^Quirin",
    "PerformingPhysicianName": "Querulant^Quido",
    "OperatorsName": "Quassel^Quinta",
    "RequestingPhysician": "Quante^Quentin",
    "DeviceSerialNumber": "QZDEV-00172",
    "ClinicalTrialSubjectID": "QZSUBJ-0412",
    "ClinicalTrialSiteName": "Qzzentrum",
}
"""By keyword; of a name each part of five letters or two signs is a mark."""
NESTED: Final = "Qzauftrag in der Tiefe"
PRIVATE: Final = "Qzprivat 7-7-7"
FILE_NAME: Final = "qzdatei_der_frau"
_FOR_ADDRESSES: Final = bytes.maketrans(b"+/", b"-_")
_MARK: Final = re.compile(r"[^\^=]+")


def marks() -> Iterator[str]:
    """Every mark."""
    for text in (*TEXTS.values(), NESTED, PRIVATE, FILE_NAME):
        yield from (part for part in _MARK.findall(text) if len(part) > 4 or not part.isascii())


def marked_image(seed: int, body_part: str = "HAND") -> Dataset:
    """A phantom of a hand with all the marks in its header, in a study of its own."""
    hand = draw_hand(seed, side="L")
    ds = hand_dataset(hand.pixels, hand.spacing_mm, "L", seed, patient_id=TEXTS["PatientID"], study_date="20260105")
    ds.BodyPartExamined = body_part
    ds.StudyInstanceUID = f"{ds.StudyInstanceUID}.{seed}"
    for keyword, text in TEXTS.items():
        setattr(ds, keyword, text)
    request = Dataset()
    request.RequestedProcedureDescription = NESTED
    request.RequestedProcedureID = TEXTS["AccessionNumber"]
    ds.RequestAttributesSequence = [request]
    ds.private_block(0x0011, "QZ MAKER", create=True).add_new(0x01, "LO", PRIVATE)
    return ds


def found_marks(content: bytes) -> set[str]:
    """The marks that stand in these bytes, however they are spelt."""
    folded = content.lower()
    return {mark for mark, spellings in _SPELLINGS.items() if any(spelling in folded for spelling in spellings)}


def _spellings(mark: str) -> set[bytes]:
    """Lower-case bytes of it as text of several encodings, escaped, in hexadecimal and in base64."""
    found: set[bytes] = set()
    for text in (mark, mark.upper(), mark.lower()):
        found |= {json.dumps(text)[1:-1].encode(), ascii(text)[1:-1].encode(), html.escape(text).encode()}
        found |= {text.encode("ascii", "xmlcharrefreplace"), "".join(f"&#x{ord(c):x};" for c in text).encode()}
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "iso2022_jp", "iso8859_5", "iso8859_7"):
            try:
                raw = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            found |= {raw, raw.hex().encode(), quote(raw, safe="").encode(), repr(raw)[2:-1].encode()}
            coded = {_base64_within(raw, shift) for shift in range(3)}
            found |= coded | {words.translate(_FOR_ADDRESSES) for words in coded}
    return {spelling.lower() for spelling in found}


def _base64_within(raw: bytes, shift: int) -> bytes:
    """What is left of it in base64 when it begins at such a byte and anything may stand around it."""
    coded = base64.b64encode(bytes(shift) + raw)
    return coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]


_SPELLINGS: Final = {mark: _spellings(mark) for mark in marks()}
