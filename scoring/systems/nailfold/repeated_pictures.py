"""The same picture sent twice, under two instances or for two fingers: it counts once, and that is said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.image import ScoringImage
from scoring.systems.nailfold.picture_place import finger_of, place_pictures

SAME_PICTURE: Final = "same_picture"
"""The rule that leaves a repeat out."""


def repeats(images: Sequence[ScoringImage]) -> dict[str, str]:
    """Of each image with the same pixels as one before it: SOP Instance UID -> what it repeats, in words."""
    first: dict[str, int] = {}
    places = place_pictures([image.reference for image in images])
    found = {}
    for number, image in enumerate(images):
        known = first.setdefault(_digest(image), number)
        if known != number:
            same = finger_of(images[known].reference) == finger_of(image.reference)
            found[image.reference.sop_instance_uid] = (
                f"the same picture as {places[known]}"
                + ("" if same else f", said to show another finger ({places[number]})")
                + "; it counts once"
            )
    return found


def _digest(image: ScoringImage) -> str:
    return hashlib.sha256(np.ascontiguousarray(image.pixels).data).hexdigest()
