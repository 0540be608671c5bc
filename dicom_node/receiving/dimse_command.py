"""DIMSE command sets (PS3.7 section 6.3, annex E): Implicit VR Little Endian, group 0000 only."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

C_STORE_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0030, 0x0FFF
N_EVENT_REPORT_RQ: Final = 0x0100
RESPONSE: Final = 0x8000
LONGEST_COMMAND: Final = 16_384
_NO_DATA_SET: Final = 0x0101


class CommandError(ValueError):
    """Not a command set."""


@dataclass(frozen=True, slots=True)
class DimseCommand:
    """One request, as far as a provider of storage and a user of storage commitment read it."""

    field: int
    message_id: int
    sop_class_uid: str
    sop_instance_uid: str
    has_data_set: bool
    event_type: int = 0
    """Event Type ID of an N-EVENT-REPORT; 0: none."""


def read_command(encoded: bytes) -> DimseCommand:
    """Read a request's command set. Raises CommandError when it is damaged or is not a request."""
    values: dict[int, bytes] = {}
    at = 0
    while at < len(encoded):
        if at + 8 > len(encoded):
            raise CommandError("ends inside an element")
        group, element, length = struct.unpack_from("<HHL", encoded, at)
        at += 8
        if group or at + length > len(encoded):
            raise CommandError("holds another group, or ends inside a value")
        values[element] = encoded[at : at + length]
        at += length
    return DimseCommand(
        field=_number(values, 0x0100),
        message_id=_number(values, 0x0110) if 0x0110 in values else 0,
        sop_class_uid=_uid(values, 0x0002) or _uid(values, 0x0003),
        sop_instance_uid=_uid(values, 0x1000) or _uid(values, 0x1001),
        has_data_set=_number(values, 0x0800) != _NO_DATA_SET,
        event_type=_number(values, 0x1002) if 0x1002 in values else 0,
    )


def encode_response(
    request: DimseCommand, status: int, comment: str = "", offending_element: int | None = None
) -> bytes:
    """The command set of the answer. ``comment``: Error Comment, at most 64 characters, no patient data."""
    body = _element(0x0002, _even(request.sop_class_uid)) if request.sop_class_uid else b""
    body += _element(0x0100, struct.pack("<H", request.field | RESPONSE))
    body += _element(0x0120, struct.pack("<H", request.message_id))
    body += _element(0x0800, struct.pack("<H", _NO_DATA_SET))
    body += _element(0x0900, struct.pack("<H", status))
    if offending_element is not None:
        body += _element(0x0901, struct.pack("<HH", offending_element >> 16, offending_element & 0xFFFF))
    if comment:
        body += _element(0x0902, _even(comment[:64], b" "))
    if request.sop_instance_uid:
        body += _element(0x1000, _even(request.sop_instance_uid))
    if request.field == N_EVENT_REPORT_RQ and request.event_type:
        body += _element(0x1002, struct.pack("<H", request.event_type))
    return _element(0x0000, struct.pack("<L", len(body))) + body


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, element, len(value)) + value


def _even(text: str, padding: bytes = b"\0") -> bytes:
    value = text.encode("ascii", "replace")
    return value + padding * (len(value) % 2)


def _number(values: dict[int, bytes], element: int) -> int:
    value = values.get(element, b"")
    if len(value) != 2:
        raise CommandError(f"(0000,{element:04X}) is missing or is no number")
    return int.from_bytes(value, "little")


def _uid(values: dict[int, bytes], element: int) -> str:
    return values.get(element, b"").decode("ascii", "replace").strip("\0 ")
