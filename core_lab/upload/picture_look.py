"""What was seen on one picture that was handed in: its size, and whether it can be scored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PictureLook:
    """``advice``: what to do about its ``faults`` (keys of a system's reasons), empty when it is fit to be scored.

    ``warnings``: what a person should know though it changes nothing, such as writing on the picture.
    """

    columns: int
    rows: int
    faults: tuple[str, ...] = ()
    advice: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def fit(self) -> bool:
        """Whether nothing was found that keeps it from being scored."""
        return not self.faults

    @staticmethod
    def from_json(said: dict[str, Any]) -> PictureLook:
        """As ``as_json`` wrote it."""
        faults, warnings = tuple(said["faults"]), tuple(said["warnings"])
        return PictureLook(said["columns"], said["rows"], faults, said["advice"], warnings)

    def as_json(self) -> dict[str, Any]:
        """For the page, and out of the process that looked."""
        return asdict(self)
