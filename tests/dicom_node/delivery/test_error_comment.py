"""What a peer says of an object that it refuses may name the patient; what we keep of it does not (P18)."""

from __future__ import annotations

import pytest

from dicom_node.delivery.error_comment import words_of
from dicom_node.delivery.store_answer import read_store_status


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("Storage full", "Storage full"),
        ("Unsupported SOP Class UID", "Unsupported SOP Class UID"),
        ("Patient ID 4711 belongs to DOE^JANE", "Patient ID … to …"),
        ("Müller, Änne *13.02.1937 already exists", "… already exists"),
        ("山崎太郎", ""),
        ("4711", ""),
        ("", ""),
        ("\x1b[2J\nDOE^JANE\x00", ""),
        ("not stored: " * 20, "not stored … not stored … not stored … not stored … not stored …"),
    ],
)
def test_of_a_comment_the_words_of_the_trade_are_kept_and_nothing_else(comment: str, kept: str) -> None:
    assert words_of(comment) == kept


def test_an_answer_quotes_no_more() -> None:
    assert read_store_status(0xA900, "DOE^JANE: wrong study").text == (
        "0xA900, data set does not match SOP Class ('… wrong study')"
    )
    assert read_store_status(0xC000, "DOE^JANE").text == "0xC000, cannot understand"
