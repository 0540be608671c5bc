"""What a visit must hold to be diagnostic as a whole: by the trial's protocol, or as the system proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.spec import SystemSpec
from scoring.systems.nailfold.picture_reading import PictureReading
from scoring.systems.nailfold.totals import assessable_fingers, assessable_pictures


@dataclass(frozen=True, slots=True)
class VisitMinimum:
    """Fewest named fingers and pictures that could be assessed; a finger counts from so many pictures on."""

    fingers: int
    pictures_of_a_finger: int
    pictures: int
    protocol: str = ""
    """Name of the trial's protocol that asks for it; empty where none does."""

    @staticmethod
    def of(spec: SystemSpec) -> VisitMinimum:
        """What the system asks for, as a protocol that rules it says."""
        name = spec.protocol.name if spec.protocol else ""
        return VisitMinimum(spec.asks("fingers"), spec.asks("pictures_of_a_finger"), spec.asks("pictures"), name)

    def fulfilled(self, readings: Sequence[PictureReading]) -> bool:
        """The visit holds so many."""
        return self.counted_fingers(readings) >= self.fingers and assessable_pictures(readings) >= self.pictures

    def counted_fingers(self, readings: Sequence[PictureReading]) -> int:
        """Fingers of the visit that count."""
        return assessable_fingers(readings, self.pictures_of_a_finger)

    def in_words(self, readings: Sequence[PictureReading]) -> str:
        """A sentence; empty where nobody set a minimum and the visit holds what the system proposes."""
        enough = self.fulfilled(readings)
        if enough and not self.protocol:
            return ""
        found = f"{self._amount(self.counted_fingers(readings), assessable_pictures(readings))} could be assessed"
        wanted = self._amount(self.fingers, self.pictures)
        asker = f"the protocol {self.protocol!r} asks for" if self.protocol else "without a trial's protocol we ask for"
        return f"{'Enough for a visit' if enough else 'Not diagnostic as a visit'}: {found}; {asker} at least {wanted}."

    def _amount(self, fingers: int, pictures: int) -> str:
        each = f" with {self.pictures_of_a_finger} pictures each" if self.pictures_of_a_finger > 1 else ""
        return f"{_counted(fingers, 'finger')}{each} and {_counted(pictures, 'picture')}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
