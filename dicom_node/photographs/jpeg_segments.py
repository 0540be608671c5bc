"""A JPEG file taken apart: what codes the picture is kept byte for byte, what tells of people and places is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Photometric = Literal["MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422"]

_START, _END, _SCAN, _COMMENT, _BASELINE = 0xD8, 0xD9, 0xDA, 0xFE, 0xC0
_RESTARTS: Final = range(0xD0, 0xD8)
_APPLICATION: Final = range(0xE0, 0xF0)
_ADOBE_BYTES, _JFIF_BYTES = 16, 18
"""Of the whole segments, marker included; a longer JFIF one holds a thumbnail."""


@dataclass(frozen=True, slots=True)
class CodedJpeg:
    """``content``: from its start to its end, without application data; nothing that stood behind the end."""

    content: bytes
    baseline: bool
    photometric: Photometric


def coded_jpeg(content: bytes) -> CodedJpeg | None:
    """The first picture of a JPEG file; ``None`` when its segments do not follow each other to the end.

    Kept of the application segments: JFIF without thumbnail, and Adobe's, for without it colours may come out wrong.
    """
    if content[:2] != b"\xff\xd8":
        return None
    kept, at = bytearray(content[:2]), 2
    baseline, photometric, adobe = False, None, b""
    while (marker := _marker(content, at)) is not None:
        if marker == _END:
            return CodedJpeg(bytes(kept) + b"\xff\xd9", baseline, photometric) if photometric else None
        size = 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        segment = content[at : at + size]
        if len(segment) < size or size < 4:
            return None
        if _is_kept(marker, segment):
            kept += segment
        if marker in _APPLICATION and segment[4:9] == b"Adobe":
            adobe = segment
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            baseline, photometric = marker == _BASELINE, _photometric(segment, adobe)
        at += size
        if marker == _SCAN:
            end = _end_of_scan(content, at)
            kept += content[at:end]
            at = end
    return None


def _marker(content: bytes, at: int) -> int | None:
    found = content[at : at + 2]
    return found[1] if len(found) == 2 and found[0] == 0xFF and found[1] not in (0x00, 0xFF) else None


def _is_kept(marker: int, segment: bytes) -> bool:
    if marker in _APPLICATION:
        jfif = segment[4:9] == b"JFIF\0" and len(segment) == _JFIF_BYTES
        return jfif or (segment[4:9] == b"Adobe" and len(segment) == _ADOBE_BYTES)
    return marker != _COMMENT


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker stands that is neither a restart nor a stuffed byte."""
    while (found := content.find(b"\xff", at)) >= 0 and found + 1 < len(content):
        following = content[found + 1]
        if following not in (0x00, 0xFF) and following not in _RESTARTS:
            return found
        at = found + (1 if following == 0xFF else 2)
    return len(content)


def _photometric(frame: bytes, adobe: bytes) -> Photometric | None:
    """What the components are (ITU-T T.81 B.2.2; Adobe's transform 0 or components called R, G and B: no YCbCr)."""
    components = [frame[at : at + 3] for at in range(10, len(frame), 3)]
    if len(components) == 1:
        return "MONOCHROME2"
    if len(components) != 3:
        return None
    if (adobe and adobe[-1] == 0) or bytes(part[0] for part in components) == b"RGB":
        return "RGB"
    return "YBR_FULL" if len({part[1] for part in components}) == 1 else "YBR_FULL_422"
