"""An image as its bytes, element by element: it can hold what no toolkit would write."""

from __future__ import annotations

import struct
from typing import Final, Self

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import generate_uid

from tests.dicom_node.receiving.instances import CR

_LONG: Final = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN", "UC", "UR", "UT", "SV", "UV"})
UNDEFINED: Final = 0xFFFFFFFF
PIXEL_DATA: Final = 0x7FE00010
ITEM: Final = bytes.fromhex("feff00e0")
ITEM_END: Final = bytes.fromhex("feff0de000000000")
SEQUENCE_END: Final = bytes.fromhex("feffdde000000000")


class RawInstance:
    """A CR image of 8 x 8 pixels in Explicit VR Little Endian; elements are put in by tag and written in order."""

    def __init__(self, uid: str = "", **texts: str | bytes) -> None:
        """``texts``: by keyword; text is written in Latin 1 and padded with a blank."""
        self.uid = uid or str(generate_uid())
        self._elements: dict[int, bytes] = {}
        self.put("ImageType", "ORIGINAL\\PRIMARY")
        for keyword, value in (
            ("SOPClassUID", CR),
            ("SOPInstanceUID", self.uid),
            ("StudyInstanceUID", str(generate_uid())),
            ("SeriesInstanceUID", str(generate_uid())),
        ):
            self.put(keyword, value)
        self.put("Modality", "CR").put("BodyPartExamined", "HAND").put("PhotometricInterpretation", "MONOCHROME2")
        for keyword, number in (("Rows", 8), ("Columns", 8), ("SamplesPerPixel", 1), ("BitsAllocated", 16)):
            self.put(keyword, struct.pack("<H", number))
        self.put_element(PIXEL_DATA, "OW", bytes(128))
        for keyword, value in texts.items():
            self.put(keyword, value)

    def put(self, keyword: str, value: str | bytes) -> Self:
        """One element, with the VR of the dictionary."""
        tag = tag_for_keyword(keyword)
        assert tag is not None
        vr = dictionary_VR(tag)[:2]
        if isinstance(value, str):
            value = value.encode("latin-1")
            value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
        return self.put_element(tag, vr, value)

    def put_element(self, tag: int, vr: str, value: bytes, length: int | None = None) -> Self:
        """One element with any VR and, where it is told, a length that is not its own."""
        return self.put_bytes(tag, element(tag, vr, value, length))

    def put_bytes(self, tag: int, whole: bytes) -> Self:
        """Bytes that stand where this tag would."""
        self._elements[tag] = whole
        return self

    def without(self, *keywords: str) -> Self:
        """Leave these elements out."""
        for keyword in keywords:
            del self._elements[tag_for_keyword(keyword) or 0]
        return self

    @property
    def data_set(self) -> bytes:
        """The bytes, in order of the tags."""
        return b"".join(self._elements[tag] for tag in sorted(self._elements))


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """An element in Explicit VR Little Endian."""
    said = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return head + (struct.pack("<2xL", said) if vr in _LONG else struct.pack("<H", said & 0xFFFF)) + value


def nested(depth: int, tag: int = 0x00081110) -> bytes:
    """A sequence of undefined length, ``depth`` deep, its items of undefined length."""
    opening = element(tag, "SQ", b"", UNDEFINED) + ITEM + b"\xff" * 4
    return opening * depth + (ITEM_END + SEQUENCE_END) * depth
