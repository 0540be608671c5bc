"""One pass over the bytes of a data set while they arrive: is it whole, and which object is it?

Nothing is decoded, inflated or kept: the pass walks from element to element and remembers the few values that the
ledger needs. What it accepts, pydicom reads to the last byte; what it refuses is named by a C-STORE status.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Literal

from pydicom.datadict import dictionary_VR
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.store_status import CANNOT_UNDERSTAND, DATA_SET_DOES_NOT_MATCH, OUT_OF_RESOURCES

MAX_DEPTH: Final = 64
"""Sequences inside sequences; every parser that comes later can bear so many."""
MAX_ELEMENTS: Final = 200_000
"""Large enhanced multi-frames have some 100,000."""

_UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_FIRST_GROUP: Final = 0x0008
"""Lower groups are commands, file meta and directories; in a data set they could pose as the meta of its file."""
_LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
STUDY_INSTANCE_UID, SERIES_INSTANCE_UID = 0x0020000D, 0x0020000E
_PIXEL_REPRESENTATION: Final = 0x00280103
_CHARACTER_SET, _IMAGE_TYPE, _MANUFACTURER = 0x00080005, 0x00080008, 0x00080070
_UIDS: Final = {
    SOP_CLASS_UID: "SOP Class UID",
    SOP_INSTANCE_UID: "SOP Instance UID",
    STUDY_INSTANCE_UID: "Study Instance UID",
    SERIES_INSTANCE_UID: "Series Instance UID",
}
_REMEMBERED: Final = frozenset((*_UIDS, _IMAGE_TYPE, _MANUFACTURER))
_LONGEST_REMEMBERED: Final = 1024
_WELL_FORMED: Final = re.compile(r"[0-9][0-9.]{0,63}")

_Kind = Literal["data set", "sequence", "fragments"]


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What the pass saw on the way."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    manufacturer: str
    image_type: tuple[str, ...]
    elements: int
    bytes: int


def is_well_formed_uid(text: str) -> bool:
    """1 to 64 digits and dots, a digit first: ``..`` is a folder. Leading zeros break PS3.5 9.1 but harm nobody."""
    return _WELL_FORMED.fullmatch(text) is not None


class _Level:
    """Where the walk is: a data set or item, a sequence, or the fragments of encapsulated pixels."""

    __slots__ = ("end", "implicit", "kind", "last_tag", "limit")

    def __init__(self, kind: _Kind, implicit: bool, end: int | None, limit: int) -> None:
        self.kind, self.implicit, self.end, self.limit = kind, implicit, end, limit
        self.last_tag = -1


class StrictDatasetPass:
    """``feed`` the bytes as they come, then ``finish`` or ``end``: InstanceRefusedError at the first fault."""

    def __init__(
        self, transfer_syntax_uid: str, max_bytes: int, *, max_elements: int = MAX_ELEMENTS, max_depth: int = MAX_DEPTH
    ) -> None:
        self._implicit = transfer_syntax_uid == ImplicitVRLittleEndian
        order = ">" if transfer_syntax_uid == ExplicitVRBigEndian else "<"
        self._tag_and_length = struct.Struct(f"{order}HHL").unpack
        self._short_length = struct.Struct(f"{order}6xH").unpack
        self._long_length = struct.Struct(f"{order}L").unpack
        self._max_bytes, self._max_elements, self._max_depth = max_bytes, max_elements, max_depth
        self._values: dict[int, bytes] = {}
        self._elements = self._bytes = 0
        self._between_elements = True
        self._have = bytearray()
        self._walk = self._walk_elements()
        self._wanted = next(self._walk)

    def feed(self, data: bytes | memoryview) -> None:
        """The next bytes of the data set, in pieces of any size."""
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise _over_cap()
        at, end = 0, len(data)
        while at < end:
            wanted = self._wanted
            if wanted < 0:  # pass over
                step = min(-wanted, end - at)
                self._wanted += step
                at += step
                if not self._wanted:
                    self._wanted = next(self._walk)
            elif not self._have and end - at >= wanted:
                self._wanted = self._walk.send(bytes(data[at : at + wanted]))
                at += wanted
            else:
                step = min(wanted - len(self._have), end - at)
                self._have += data[at : at + step]
                at += step
                if len(self._have) == wanted:
                    whole = bytes(self._have)
                    self._have.clear()
                    self._wanted = self._walk.send(whole)

    def end(self) -> None:
        """The last byte has come: is the data set whole? For data sets that are no instance."""
        if self._have or not self._between_elements:
            raise _not_understood(f"data set ends in the middle, after {self._bytes} bytes")

    def finish(self) -> DatasetFacts:
        """The last byte has come: is the data set whole, and does it say which object it is?"""
        self.end()
        uids = {tag: self._uid(tag, name) for tag, name in _UIDS.items()}
        return DatasetFacts(
            sop_class_uid=uids[SOP_CLASS_UID],
            sop_instance_uid=uids[SOP_INSTANCE_UID],
            study_instance_uid=uids[STUDY_INSTANCE_UID],
            series_instance_uid=uids[SERIES_INSTANCE_UID],
            manufacturer=self._text(_MANUFACTURER),
            image_type=tuple(part.strip() for part in self._text(_IMAGE_TYPE).split("\\")),
            elements=self._elements,
            bytes=self._bytes,
        )

    def _uid(self, tag: int, name: str) -> str:
        uid = self._text(tag)
        if not uid:
            raise InstanceRefusedError(DATA_SET_DOES_NOT_MATCH, f"{name} is missing", tag)
        if not is_well_formed_uid(uid):
            raise InstanceRefusedError(DATA_SET_DOES_NOT_MATCH, f"{name} is not 1 to 64 digits and dots", tag)
        return uid

    def _text(self, tag: int) -> str:
        return self._values.get(tag, b"").decode("ascii", "replace").strip("\0 ")

    def _walk_elements(self) -> Generator[int, bytes, None]:
        """Ask for bytes: n > 0 to be handed over, n < 0 to be passed over. Ends only by an exception."""
        at = 0
        stack = [_Level("data set", self._implicit, None, self._max_bytes)]
        while True:
            level = stack[-1]
            while at == level.end:
                stack.pop()
                level = stack[-1]
            self._between_elements = len(stack) == 1
            if at + 8 > level.limit:
                raise (
                    _over_cap()
                    if len(stack) == 1
                    else _not_understood(f"an element crosses the end of its item at {at}")
                )
            head = yield 8
            self._between_elements = False
            at += 8
            self._elements += 1
            if self._elements > self._max_elements:
                raise _not_understood(f"more than {self._max_elements} elements")
            group, element, length = self._tag_and_length(head)
            tag = group << 16 | element
            if group == 0xFFFE:
                at = yield from self._walk_delimiter(tag, length, at, stack)
                continue
            if level.kind != "data set":
                raise _not_understood(f"an item was expected at {at - 8}")
            self._check_order(tag, level, stack)
            vr = b""
            if not self._is_implicit(level, head, len(stack)):
                vr = head[4:6]
                if vr in _LONG_VRS:
                    length = self._long_length((yield 4))[0]
                    at += 4
                elif vr in _SHORT_VRS:
                    length = self._short_length(head)[0]
                else:
                    raise _not_understood(f"no value representation at {at - 8}")
            level.last_tag = tag
            at = yield from self._walk_value(tag, vr or _implicit_vr(tag, length), length, at, stack)

    def _walk_value(self, tag: int, vr: bytes, length: int, at: int, stack: list[_Level]) -> Generator[int, bytes, int]:
        level = stack[-1]
        if length == _UNDEFINED:
            if vr in (b"SQ", b"UN"):
                self._open(stack, _Level("sequence", level.implicit, None, level.limit))
            elif vr in (b"OB", b"OW"):
                self._open(stack, _Level("fragments", level.implicit, None, level.limit))
            else:
                raise _not_understood(f"an undefined length where none is allowed, at {at}")
            return at
        if at + length > level.limit:
            raise (
                _over_cap() if level.limit == self._max_bytes else _not_understood(f"a value crosses its item at {at}")
            )
        if vr == b"SQ":
            self._open(stack, _Level("sequence", level.implicit, at + length, at + length))
            return at
        if tag == _PIXEL_REPRESENTATION and (vr != b"US" or length % 2):  # readers need it for the VR of others
            raise _not_understood(f"Pixel Representation at {at} is no number", tag)
        if length:
            if tag == _CHARACTER_SET:
                yield from self._walk_character_set(vr, length, at)
            elif tag in _REMEMBERED and len(stack) == 1 and length <= _LONGEST_REMEMBERED:
                self._values[tag] = yield length
            else:
                yield -length
        return at + length

    def _walk_character_set(self, vr: bytes, length: int, at: int) -> Generator[int, bytes, None]:
        """Readers look it up before they give out any text, in every item; a name that is none stops some of them."""
        short = vr == b"CS" and length <= _LONGEST_REMEMBERED
        if not short or any(byte < 0x20 for byte in (yield length).rstrip(b"\0 ")):
            raise _not_understood(f"Specific Character Set at {at} is no list of codes", _CHARACTER_SET)

    def _walk_delimiter(self, tag: int, length: int, at: int, stack: list[_Level]) -> Generator[int, bytes, int]:
        level = stack[-1]
        if tag == _ITEM and level.kind != "data set":
            if length == _UNDEFINED and level.kind == "sequence":
                stack.append(_Level("data set", level.implicit, None, level.limit))
            elif at + length > level.limit:
                raise _not_understood(f"an item crosses the end of its sequence at {at}")
            elif level.kind == "sequence":
                stack.append(_Level("data set", level.implicit, at + length, at + length))
            elif length:
                yield -length
                at += length
        elif (tag == _ITEM_END and level.kind == "data set" and len(stack) > 1 and level.end is None) or (
            tag == _SEQUENCE_END and level.kind != "data set" and level.end is None
        ):
            stack.pop()
        else:
            raise _not_understood(f"a delimiter out of place at {at - 8}")
        return at

    def _open(self, stack: list[_Level], level: _Level) -> None:
        stack.append(level)
        if len(stack) // 2 > self._max_depth:  # a sequence and its item are two levels
            raise _not_understood(f"sequences nested deeper than {self._max_depth}")

    def _check_order(self, tag: int, level: _Level, stack: list[_Level]) -> None:
        if tag <= level.last_tag:
            raise _not_understood(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is repeated or out of order", tag)
        if tag >> 16 < _FIRST_GROUP and len(stack) == 1:
            raise _not_understood(f"group {tag >> 16:04X} in a data set", tag)

    @staticmethod
    def _is_implicit(level: _Level, head: bytes, depth: int) -> bool:
        """Implicit items inside explicit data sets are allowed (PS3.5 6.2.2 note 2); their first element tells."""
        if not level.implicit and depth > 1 and level.last_tag < 0:
            level.implicit = not (0x41 <= head[4] <= 0x5A and 0x41 <= head[5] <= 0x5A)
        return level.implicit


def _implicit_vr(tag: int, length: int) -> bytes:
    if not tag >> 16 & 1:
        with contextlib.suppress(KeyError):
            return dictionary_VR(tag)[:2].encode()  # "OB or OW" counts as OB
    return b"SQ" if length == _UNDEFINED else b"UN"


def _not_understood(what: str, tag: int | None = None) -> InstanceRefusedError:
    return InstanceRefusedError(CANNOT_UNDERSTAND, what, tag)


def _over_cap() -> InstanceRefusedError:
    return InstanceRefusedError(OUT_OF_RESOURCES, "the instance is larger than this node takes")
