"""What the numbers of a camera's colours mean, as an ICC input profile without a word of anybody.

A phone's profile (Display P3, sRGB, Adobe RGB) is one of a display, names its makers and may name more; DICOM wants one
of an input device (PS3.3 C.11.15.1.1). Its primaries, curves and white are copied into a new one, its texts are not.
"""

from __future__ import annotations

import struct
from typing import Final

_COLOURS: Final = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt")
_CURVES: Final = (b"rTRC", b"gTRC", b"bTRC")
_HEADER, _ENTRY = 128, 12
_LONGEST_CURVE: Final = 16_384
_D50: Final = (0xF6D6, 0x10000, 0xD32D)
"""White of the connection space, in 65536ths."""


def input_profile(profile: bytes | None) -> bytes | None:
    """The same colours as an input profile; ``None`` for none, or one that is no matrix of red, green and blue."""
    tags = _tags(profile) if profile else {}
    if not profile or profile[16:24] != b"RGB XYZ " or not set(_COLOURS + _CURVES) <= tags.keys():
        return None
    colours = {name: tags[name] for name in _COLOURS}
    curves = {name: tags[name] for name in _CURVES}
    sound = all(_is(tag, b"XYZ ") and len(tag) == 20 for tag in colours.values())
    if not sound or not all(_is(tag, b"curv", b"para") and len(tag) <= _LONGEST_CURVE for tag in curves.values()):
        return None
    adapted = tags.get(b"chad", b"")
    kept = {b"desc": _text("Camera RGB"), b"cprt": _text("None"), **colours, **curves}
    if _is(adapted, b"sf32") and len(adapted) == 44:
        kept[b"chad"] = adapted
    return _profile(kept)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The profile's tags as far as they lie within it (ICC.1:2022, 7.3)."""
    count = int.from_bytes(profile[_HEADER : _HEADER + 4], "big")
    found: dict[bytes, bytes] = {}
    for number in range(min(count, 100)):
        at = _HEADER + 4 + _ENTRY * number
        name, start, size = profile[at : at + 4], *(int.from_bytes(profile[at + n : at + n + 4], "big") for n in (4, 8))
        tag = profile[start : start + size]
        if len(name) == 4 and 0 < size == len(tag):
            found[name] = tag
    return found


def _is(tag: bytes, *kinds: bytes) -> bool:
    return tag[:4] in kinds


def _text(words: str) -> bytes:
    """A multiLocalizedUnicode of one record (ICC.1:2022, 10.15)."""
    coded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII", 1, 12) + b"enUS" + struct.pack(">II", len(coded), 28) + coded


def _profile(tags: dict[bytes, bytes]) -> bytes:
    """Version 4.3, scanner class, perceptual (ICC.1:2022, 7.2)."""
    table, data = struct.pack(">I", len(tags)), b""
    begin = _HEADER + 4 + _ENTRY * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", begin + len(data), len(tag))
        data += tag + b"\0" * (-len(tag) % 4)
    header = struct.pack(
        ">I4xI4s4s4s6H4s24xIIII48x",
        begin + len(data), 0x04300000, b"scnr", b"RGB ", b"XYZ ", 2026, 1, 1, 0, 0, 0, b"acsp", 0, *_D50,
    )  # fmt: skip
    return header + table + data
