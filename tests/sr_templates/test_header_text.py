"""Names in every character set, written in UTF-8: the bytes on the wire are given, not made by the library that reads.

Examples of PS3.5 annexes H to K are used where there is one.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from sr_templates.header_text import decoded
from sr_templates.result_objects import WrittenObject
from sr_templates.writing import SourceImage
from tests.foreign_programs.dcmtk import dcmdump
from tests.foreign_programs.orthanc import Orthanc
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.received_files import received
from tests.sr_templates.written_objects import write

# What pydicom says of a character set while it reads a file; the node keeps it out of its logs.
pytestmark = pytest.mark.filterwarnings("ignore:Unknown encoding", "ignore:Incorrect value for Specific Character Set")

ASCII, ROMAJI = b"\x1b(B", b"\x1b(J"


def jis(text: str, end: bytes = ASCII) -> bytes:
    """JIS X 0208 between its escape sequences; some of its bytes are those of ``=``, ``^`` and a backslash."""
    return text.encode("iso2022_jp").replace(ASCII, end)


SETS: dict[str, tuple[str, bytes, str]] = {
    "none declared, ASCII": ("", b"Doe^Jane", "Doe^Jane"),
    "Latin 1": ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "Latin 2": ("ISO_IR 101", "Wałęsa^Świętosława".encode("iso8859-2"), "Wałęsa^Świętosława"),
    "Cyrillic": ("ISO_IR 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
    "Greek": ("ISO_IR 126", "Διονυσιος^Σολωμος".encode("iso8859-7"), "Διονυσιος^Σολωμος"),
    "Arabic": ("ISO_IR 127", "قباني^لنزار".encode("iso8859-6"), "قباني^لنزار"),
    "Hebrew": ("ISO_IR 138", "שרון^דבורה".encode("iso8859-8"), "שרון^דבורה"),
    "Turkish": ("ISO_IR 148", "Çavuşoğlu^İbrahim".encode("iso8859-9"), "Çavuşoğlu^İbrahim"),
    "Thai": ("ISO_IR 166", "ไทย^สมชาย".encode("tis-620"), "ไทย^สมชาย"),
    "Katakana": ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "Japanese": (
        r"\ISO 2022 IR 87",
        b"Yamada^Tarou=" + jis("山田") + b"^" + jis("太郎") + b"=" + jis("やまだ") + b"^" + jis("たろう"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "Japanese with delimiters inside letters": (
        r"\ISO 2022 IR 87",
        b"Akita^Haruko=" + jis("秋田") + b"^" + jis("春子"),
        "Akita^Haruko=秋田^春子",
    ),
    "Japanese over Katakana": (
        r"ISO 2022 IR 13\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=" + jis("山田", ROMAJI) + b"^" + jis("太郎", ROMAJI),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
    ),
    "Japanese without the empty first value": (
        "ISO 2022 IR 87",
        b"Yamada^Tarou=" + jis("山田") + b"^" + jis("太郎"),
        "Yamada^Tarou=山田^太郎",
    ),
    "Korean": (
        r"\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    "Chinese, ISO 2022": (
        r"\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
        "Zhang^XiaoDong=张^小东",
    ),
    "GB18030": ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
    "GBK with delimiters inside letters": ("GBK", "Cheng^X=誠^乗".encode("gbk"), "Cheng^X=誠^乗"),
    "UTF-8": ("ISO_IR 192", "Nguyễn^Thị Hương".encode(), "Nguyễn^Thị Hương"),
    "a term in small letters": ("iso_ir 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
    "a misspelt term": ("ISO-IR 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
    "an unknown term over UTF-8": ("UNICODE_8", "Müller^Jörg".encode(), "Müller^Jörg"),
    "an unknown term over other bytes": ("HOUSE-FONT", b"M\xfcller", "Müller"),
    "none declared over UTF-8": ("", "Müller^Jörg".encode(), "Müller^Jörg"),
    "none declared over other bytes": ("", b"\x8e\x9f^\xe1", "\x8e\x9f^á"),
    "UTF-8 that is none": ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "padded with spaces and zeros": ("ISO_IR 100", b"Doe^Jane  \0\0", "Doe^Jane"),
}
"""Case -> Specific Character Set, the name on the wire, the name."""


def objects(folder: Path, case: str) -> tuple[WrittenObject, ...]:
    terms, name, _ = SETS[case]
    made = results.not_evaluable()
    (uid,) = made.sources
    wire = {"SpecificCharacterSet": terms.encode(), "PatientName": name, "ClinicalTrialSiteName": name}
    header = received(folder / "received.dcm", made.sources[uid].header, wire)
    sources = {uid: SourceImage(header, made.sources[uid].pixels)}
    return write(replace(made, result=replace(made.result, notes=(case,)), sources=sources))


@pytest.mark.parametrize("case", SETS)
def test_a_name_is_written_in_utf8_in_every_object_and_read_so_by_dcmtk(case: str, tmp_path: Path) -> None:
    name = SETS[case][2]
    for one in objects(tmp_path, case):
        dataset = dcmread(io.BytesIO(one.content))
        assert dataset.SpecificCharacterSet == "ISO_IR 192"
        assert dataset.get_item("PatientName").value.rstrip(b" ") == name.encode()
        assert dataset.ClinicalTrialSiteName == name
    written = tmp_path / "written.dcm"
    written.write_bytes(one.content)
    said = dcmdump(written, "-q", "+U8", "+P", "PatientName").stdout
    assert said.partition("[")[2].rpartition("]")[0].strip() == name


def test_orthanc_reads_the_same_names(orthanc: Orthanc, tmp_path: Path) -> None:
    for number, case in enumerate(SETS):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(objects(tmp_path, case)[-1].content)
        (stored,) = orthanc.upload(path)
        assert orthanc.tags(stored)["PatientName"] == SETS[case][2], case


DECLARED = ("", "ISO_IR 6", "ISO_IR 100", "ISO_IR 13", "ISO_IR 192", "GBK", "UTF-7", "RAW_UNICODE_ESCAPE", "HEX")
EXTENSIONS = ("ISO 2022 IR 87", "ISO 2022 IR 149", "ISO 2022 IR 58")
TERMS = st.sampled_from((*DECLARED, *EXTENSIONS))
PIECES = st.sampled_from(
    [
        b"\x1b$B",
        b"\x1b(J",
        b"\x1b$)C",
        b"\x1b$)A",
        b"\x1b-A",
        b"^",
        b"=",
        b"\\",
        b"\0",
        b"\xc3\xa9",
        b"+2AA-",
        rb"\ud800",
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(PIECES | st.binary(max_size=4), max_size=6).map(b"".join),
    st.lists(TERMS | st.text(max_size=6), min_size=1, max_size=3),
)
def test_no_bytes_in_no_character_set_are_refused_or_replaced(value: bytes, terms: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = decoded(value, terms)
    assert text.encode().decode() == text
    assert "\ufffd" not in text or "\ufffd".encode() in value
