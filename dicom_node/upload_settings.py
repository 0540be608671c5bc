"""``[upload]`` of node.toml: whether a trial site may hand in pictures through the page, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UploadSection:
    """``[upload]``: off unless it says on; then only where the page listens on loopback."""

    on: bool = False
    pictures: int = 40
    """Of one visit: ten fingers with four each."""
    picture_bytes: int = 64 << 20
    keep_minutes: float = 60.0
    """What was not sent is removed after so long."""
    lenses: Mapping[str, float] = field(default_factory=dict)
    """By the name that people choose: micrometres of skin to a pixel, measured with that lens on that phone."""


def upload_faults(section: UploadSection, *, loopback: bool) -> list[str]:
    """What is not allowed, in words for people."""
    faults = []
    if section.on and not loopback:
        faults.append(
            "upload.on: got true, allowed with a web.host of this machine alone (127.0.0.1): whoever reaches the page "
            "has no account yet, and HTTP is not encrypted"
        )
    if not 1 <= section.pictures <= 200:
        faults.append(f"upload.pictures: got {section.pictures}, allowed: 1 to 200")
    if section.picture_bytes < 1 << 20:
        faults.append(f"upload.picture_bytes: got {section.picture_bytes}, allowed: at least 1048576")
    if section.keep_minutes < 1:
        faults.append(f"upload.keep_minutes: got {section.keep_minutes:g}, allowed: at least 1")
    for name, um_per_px in section.lenses.items():
        if not 0 < um_per_px < 100:
            faults.append(f"upload.lenses.{name}: got {um_per_px:g}, allowed: micrometres to a pixel, 0 to 100")
    return faults
