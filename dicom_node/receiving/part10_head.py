"""What stands before the data set in a Part 10 file (PS3.10 section 7.1): preamble and file meta information."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicom_node.receiving.store_status import CANNOT_UNDERSTAND

_PREAMBLE: Final = bytes(128) + b"DICM"
_META_VERSION: Final = struct.pack("<HH2sHLBB", 0x0002, 0x0001, b"OB", 0, 2, 0, 1)
_LONG_VRS: Final = (b"OB", b"UN")
_LONGEST_VALUE: Final = 65_536
_TRANSFER_SYNTAX: Final = 0x0010


@dataclass(frozen=True, slots=True)
class Part10Head:
    """How the data set of a file is encoded, and where it begins."""

    transfer_syntax_uid: str
    data_set_offset: int


def read_part10_head(file: BinaryIO) -> Part10Head:
    """Walk the meta header; its group length, which many writers leave out, is not needed.

    Raises InstanceRefusedError when there is none, or when it does not name a transfer syntax.
    """
    if file.read(132)[128:] != b"DICM":
        raise InstanceRefusedError(CANNOT_UNDERSTAND, "not a DICOM file: no DICM after the preamble")
    transfer_syntax, at = "", 132
    while len(head := file.read(8)) == 8:
        group, element, vr, length = struct.unpack("<HH2sH", head)
        if group != 0x0002:
            break
        at += 8
        if vr in _LONG_VRS:
            long = file.read(4)
            length = int.from_bytes(long, "little") if len(long) == 4 else _LONGEST_VALUE + 1
            at += 4
        if length > _LONGEST_VALUE or len(value := file.read(length)) < length:
            raise InstanceRefusedError(CANNOT_UNDERSTAND, "the file's meta header is damaged")
        at += length
        if element == _TRANSFER_SYNTAX:
            transfer_syntax = value.decode("ascii", "replace").strip("\0 ")
    if not transfer_syntax:
        raise InstanceRefusedError(CANNOT_UNDERSTAND, "the file's meta header names no transfer syntax")
    return Part10Head(transfer_syntax, at)


def part10_head(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae_title: str) -> bytes:
    """Preamble and meta header; the data set follows untouched. The texts must be ASCII and checked before."""
    meta = _META_VERSION + b"".join(
        (
            _element(0x0002, b"UI", sop_class_uid),
            _element(0x0003, b"UI", sop_instance_uid),
            _element(0x0010, b"UI", transfer_syntax_uid),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
            _element(0x0016, b"AE", source_ae_title) if source_ae_title else b"",
        )
    )
    return _PREAMBLE + struct.pack("<HH2sHL", 0x0002, 0x0000, b"UL", 4, len(meta)) + meta


def _element(element: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", 0x0002, element, vr, len(value)) + value
