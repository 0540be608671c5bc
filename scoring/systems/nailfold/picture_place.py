"""Where a picture belongs: side, finger, and which picture of that finger it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scoring.result import Side
from scoring.score_rules.nail_units import NAIL_UNITS
from scoring.study import ImageReference

UNNAMED: Final = "UNKNOWN"
"""The site of a picture of which nobody said the finger."""
_SITES: Final = {unit.value: finger for finger, unit in NAIL_UNITS.items()}
_SIDES: Final[dict[str, Side]] = {"L": "L", "R": "R"}
_IN_WORDS: Final = {"L": "left", "R": "right", None: ""}


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """``site``: a finger of ``NAIL_UNITS``, or ``UNNAMED``; ``number`` counts its pictures from 1."""

    side: Side | None
    site: str
    number: int

    @property
    def finger(self) -> tuple[Side | None, str]:
        """What pictures of one finger have in common."""
        return self.side, self.site

    @property
    def named(self) -> bool:
        """Somebody said the finger and its side."""
        return self.side is not None and self.site != UNNAMED

    def __str__(self) -> str:
        words = (_IN_WORDS[self.side], "unnamed" if self.site == UNNAMED else self.site.lower(), str(self.number))
        return " ".join(filter(None, words))


def finger_of(image: ImageReference) -> tuple[Side | None, str]:
    """Side and site that the header names."""
    return _SIDES.get(image.laterality), _SITES.get(image.region_code, UNNAMED)


def taking_order(image: ImageReference) -> tuple[str, int, str]:
    """Pictures of a visit in the order in which they were taken, however they arrived."""
    return image.acquired_at, image.instance_number, image.sop_instance_uid


def place_pictures(images: Sequence[ImageReference]) -> tuple[PicturePlace, ...]:
    """The place of each of the images, which are in ``taking_order``."""
    seen: Counter[tuple[Side | None, str]] = Counter()
    places = []
    for image in images:
        finger = finger_of(image)
        seen[finger] += 1
        places.append(PicturePlace(*finger, seen[finger]))
    return tuple(places)
