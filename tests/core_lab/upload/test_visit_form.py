"""What the page sends about a visit is checked as if a stranger had written it."""

from __future__ import annotations

from typing import Any

import pytest

from core_lab.errors import UploadRefusedError
from core_lab.upload.visit_form import FormPicture, read_visit_form

PICTURE = {"id": "a1", "side": "R", "finger": "RING"}
WHOLE: dict[str, Any] = {"patient_id": " P-1 ", "pictures": [PICTURE]}
TRIAL = {"protocol": "T1", "site": "07", "subject": "S-4"}


def test_a_whole_form_is_read() -> None:
    form = read_visit_form({**WHOLE, **TRIAL, "time_point": "W24", "um_per_px": 0.32, "confirmed": True})
    assert (form.patient_id, form.trial, form.um_per_px, form.magnification) == ("P-1", "T1/07/S-4/W24", 0.32, None)
    assert form.pictures == (FormPicture("a1", "R", "RING"),) and form.confirmed
    assert read_visit_form({**WHOLE, **TRIAL}).trial == "T1/07/S-4"
    assert read_visit_form({**WHOLE, "confirmed": "yes"}).confirmed is False


WRONG = [
    ([], "load it again"),
    ({**WHOLE, "patient_id": "  "}, "Patient ID: is missing"),
    ({**WHOLE, "patient_id": "P\\1"}, "Patient ID: .*without backslash"),
    ({**WHOLE, "patient_id": "P\n1"}, "on one line"),
    ({**WHOLE, "patient_id": 7}, "Patient ID: "),
    ({**WHOLE, "patient_id": "x" * 65}, "at most 64"),
    ({**WHOLE, "pictures": []}, "no picture to send"),
    ({**WHOLE, "pictures": ["a1"]}, "without its side and finger"),
    ({**WHOLE, "pictures": [{"id": "a1", "side": None, "finger": ""}]}, "without its side and finger"),
    ({**WHOLE, "protocol": "T1"}, "Site: is missing"),
    ({**WHOLE, **TRIAL, "site": "0/7"}, "Site: without the sign /"),
    ({**WHOLE, "um_per_px": -1}, "Micrometres to a pixel: a number above 0"),
    ({**WHOLE, "um_per_px": float("nan")}, "Micrometres to a pixel"),
    ({**WHOLE, "magnification": "200"}, "Magnification"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_named(number: int) -> None:
    said, words = WRONG[number]
    with pytest.raises(UploadRefusedError, match=words):
        read_visit_form(said)
