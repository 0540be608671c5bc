"""Who the user of an association says to be (PS3.7 D.3.3.7): user name and passcode, as an acceptor reads them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from dicom_node.secret import Secret

REQUEST_ITEM, RESPONSE_ITEM = 0x58, 0x59
_NAME_AND_PASSCODE: Final = 2
_HEAD: Final = struct.Struct(">BB")
_LENGTH: Final = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """User Identity sub-item of A-ASSOCIATE-RQ (PS3.7 table D.3-14); other kinds than name and passcode are empty."""

    user_name: str
    passcode: Secret = field(repr=False)
    wants_response: bool


def read_user_identity(item: bytes) -> UserIdentity:
    """Read the sub-item's value. Raises ValueError."""
    try:
        kind, wants_response = _HEAD.unpack_from(item)
        first, at = _text(item, _HEAD.size)
        second, at = _text(item, at)
    except struct.error:
        raise ValueError("a user identity is cut") from None
    if at != len(item):
        raise ValueError("a user identity is longer than it says")
    if kind != _NAME_AND_PASSCODE:
        return UserIdentity("", Secret(), bool(wants_response))
    name, passcode = first.decode("utf-8", "replace"), Secret(second.decode("utf-8", "replace"))
    return UserIdentity(name, passcode, bool(wants_response))


def _text(item: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(item, at)
    end = at + _LENGTH.size + length
    if end > len(item):
        raise struct.error
    return item[at + _LENGTH.size : end], end


RESPONSE: Final = _LENGTH.pack(0)
"""Value of the answer's sub-item: recognised, and for name and passcode nothing more to say (PS3.7 table D.3-15)."""
