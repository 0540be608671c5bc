"""Sentences of a result that are no score: sides in doubt, films that were inverted, faults of exposure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scoring.anatomy.exposure_choice import HandOnFilm
from scoring.quality import HandQuality
from scoring.score_rules.sharp_van_der_heijde import Side

_SIDE: Final[dict[Side, str]] = {"L": "left", "R": "right"}
_OTHER: Final[dict[Side, str]] = {"L": "right", "R": "left"}
_FAULTS: Final = {
    "under_exposed": "many pixels are at the bright end of the scale (under-exposed or clipped)",
    "over_exposed": "many pixels are at the dark end of the scale (over-exposed or clipped)",
    "low_contrast": "the film has hardly any contrast",
    "blurred": "the film is not sharp",
}


def side_notes(found: Sequence[HandOnFilm]) -> tuple[str, ...]:
    """What a reader must know about sides: header against thumb, and two hands that claim the same side."""
    notes = [
        f"Image {film.image.reference.instance_number}: the header says {_SIDE[film.hand.side]}, on a PA view the "
        f"thumb says {_OTHER[film.hand.side]} (probability {1 - film.hand.side_probability:.2f}); graded as the header "
        "says."
        for film in found
        if film.hand.side_conflict
    ]
    seen: set[tuple[str, Side]] = set()
    for film in found:
        key = (film.image.reference.sop_instance_uid, film.hand.side)
        if key in seen:
            number = film.image.reference.instance_number
            notes.append(f"Image {number}: two hands look like a {_SIDE[film.hand.side]} hand; only one was graded.")
        seen.add(key)
    return (*notes, *_pair_notes(found))


def _pair_notes(found: Sequence[HandOnFilm]) -> Iterator[str]:
    """Thumbs point inwards whichever way a film of both hands is hung: only its marker tells right from left."""
    films: dict[str, set[Side]] = {}
    for film in found:
        films.setdefault(film.image.reference.sop_instance_uid, set()).add(film.hand.side)
    numbers = {f.image.reference.sop_instance_uid: f.image.reference.instance_number for f in found}
    for uid, sides in films.items():
        if len(sides) > 1:
            yield (
                f"Image {numbers[uid]}: both hands on one film; right and left were told by the thumbs as seen from "
                "the back of the hands. If the side marker says otherwise, exchange them; the total stays."
            )


def quality_notes(hands: Sequence[HandOnFilm], qualities: Sequence[HandQuality]) -> tuple[str, ...]:
    """One sentence for every fault of a graded hand's film."""
    return tuple(
        f"{_SIDE[film.hand.side].capitalize()} hand: {_FAULTS[fault]}."
        for film, quality in zip(hands, qualities, strict=True)
        for fault in quality.faults
    )
