"""A DICOM file (PS3.10) taken apart for sending, without decoding: the bytes of its data set stay as they are.

Odd files are taken as far as they say what they are: without preamble, without meta header, with a meta header whose
length is wrong or which is written in implicit VR. What goes out is exactly what lies in the file.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_node.delivery.destination import OutgoingObject
from scoring.errors import ImageUnreadableError

_PREFIX_AT: Final = 128
_UID_CHARACTERS: Final = 64
_META_GROUP: Final = b"\x02\x00"
_FIRST_GROUPS: Final = (b"\x08\x00", b"\x00\x08", b"\x04\x00", b"\x10\x00")
_LONG_LENGTH_VRS: Final = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV")
_SOP_CLASS: Final = 0x00080016
_SOP_INSTANCE: Final = 0x00080018
_META_SOP_CLASS: Final = 0x0002
_META_SOP_INSTANCE: Final = 0x0003
_META_TRANSFER_SYNTAX: Final = 0x0010


def read_part10(content: bytes) -> OutgoingObject:
    """Class, instance, transfer syntax and the data set's own bytes. The data set's UIDs count before the header's.

    Raises ImageUnreadableError when it is not DICOM or does not say what it is.
    """
    start = _PREFIX_AT + 4 if content[_PREFIX_AT : _PREFIX_AT + 4] == b"DICM" else 0
    meta, start = _read_meta(content, start)
    data_set = content[start:]
    if start == 0 and data_set[:2] not in _FIRST_GROUPS:
        raise ImageUnreadableError("not DICOM: no DICM prefix, and no data set without one")
    transfer_syntax = meta.get(_META_TRANSFER_SYNTAX) or _guess_transfer_syntax(data_set)
    own = _own_uids(data_set, transfer_syntax)
    sop_class = own.get(_SOP_CLASS) or meta.get(_META_SOP_CLASS, "")
    sop_instance = own.get(_SOP_INSTANCE) or meta.get(_META_SOP_INSTANCE, "")
    if not sop_class or not sop_instance:
        raise ImageUnreadableError("has no SOP Class UID or no SOP Instance UID, so it cannot be named in a C-STORE")
    for uid in (sop_class, sop_instance, transfer_syntax):
        if len(uid) > _UID_CHARACTERS or not uid.isascii() or not uid.isprintable():
            raise ImageUnreadableError("has a UID that is longer than 64 characters or not text, so it cannot be sent")
    return OutgoingObject(sop_class, sop_instance, transfer_syntax, data_set)


def as_implicit(outgoing: OutgoingObject) -> OutgoingObject:
    """The same object in Implicit VR Little Endian, which every peer must take (PS3.5 10.1). The values stay."""
    read = read_dataset(BytesIO(outgoing.data_set), is_implicit_VR=False, is_little_endian=True)
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, True
    write_dataset(written, read)
    return OutgoingObject(
        outgoing.sop_class_uid, outgoing.sop_instance_uid, str(ImplicitVRLittleEndian), written.getvalue()
    )


def _read_meta(content: bytes, start: int) -> tuple[dict[int, str], int]:
    """The elements of group 0002 from ``start`` on, by element number, and where the data set begins."""
    found: dict[int, str] = {}
    while content[start : start + 2] == _META_GROUP and len(content) >= start + 8:
        element = int.from_bytes(content[start + 2 : start + 4], "little")
        vr = content[start + 4 : start + 6]
        if not vr.isalpha():  # implicit VR, against PS3.10 7.1
            head, length = 8, int.from_bytes(content[start + 4 : start + 8], "little")
        elif vr in _LONG_LENGTH_VRS:
            head, length = 12, int.from_bytes(content[start + 8 : start + 12], "little")
        else:
            head, length = 8, int.from_bytes(content[start + 6 : start + 8], "little")
        value = content[start + head : start + head + length]
        found[element] = value.decode("ascii", errors="replace").strip("\0 ")
        start += head + length
    return found, start


def _guess_transfer_syntax(data_set: bytes) -> str:
    """Of a data set without a meta header: explicit when a VR's two letters stand after the first tag."""
    if data_set[:1] == b"\x00":
        return str(ExplicitVRBigEndian)
    return str(
        ExplicitVRLittleEndian if data_set[4:6].isalpha() and data_set[4:6].isupper() else ImplicitVRLittleEndian
    )


def _own_uids(data_set: bytes, transfer_syntax: str) -> dict[int, str]:
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return {}
    implicit, little = transfer_syntax == ImplicitVRLittleEndian, transfer_syntax != ExplicitVRBigEndian
    try:
        head: Dataset = read_dataset(
            BytesIO(data_set), is_implicit_VR=implicit, is_little_endian=little, stop_when=_after_the_uids
        )
        return {tag: str(head[tag].value or "") for tag in (_SOP_CLASS, _SOP_INSTANCE) if tag in head}
    except Exception:  # a broken data set breaks pydicom in many ways; it is sent as it is, under its header's UIDs
        return {}


def _after_the_uids(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) > _SOP_INSTANCE
