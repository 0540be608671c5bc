"""The search finds every mark in every spelling: else finding none would prove nothing."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.leaks.marked_patient import TEXTS, found_marks, marked_image, marks

SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "in capitals": lambda mark: mark.upper().encode(),
    "UTF-16": lambda mark: mark.encode("utf-16"),
    "JSON": lambda mark: json.dumps({"x": mark}).encode(),
    "repr": lambda mark: ascii({"x": mark}).encode(),
    "repr of bytes": lambda mark: repr(mark.encode()).encode(),
    "HTML": lambda mark: html.escape(f"<b>{mark}</b>").encode(),
    "HTML signs": lambda mark: mark.encode("ascii", "xmlcharrefreplace"),
    "an address": lambda mark: quote(f"/?name={mark}").encode(),
    "hexadecimal": lambda mark: mark.encode().hex().upper().encode(),
    "base64": lambda mark: base64.b64encode(f"x{mark}y".encode()),
    "base64, further on": lambda mark: base64.urlsafe_b64encode(f"xyz {mark} and more".encode()),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_mark_is_found_in_every_spelling(spelling: str) -> None:
    for mark in marks():
        if spelling == "HTML" and html.escape(mark) != mark:
            continue
        content = b"\x00 something " + SPELLINGS[spelling](mark) + b" and after \xff"
        assert mark in found_marks(content), mark


def test_nothing_is_found_where_nothing_is() -> None:
    assert found_marks(b"RS-110: the image cannot be decoded " + bytes(range(256)) * 100) == set()


def test_an_image_carries_all_of_them() -> None:
    assert len(TEXTS) >= 20
    buffer = io.BytesIO()
    marked_image(4900).save_as(buffer, enforce_file_format=True)
    assert set(marks()) - found_marks(buffer.getvalue()) == {"qzdatei_der_frau"}, "that is the name of a file"
