"""Is an image fit to be scored: exposure and sharpness of the hands on it, as a coded verdict (RadLex)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.coded_concept import CodedConcept

DIAGNOSTIC: Final = CodedConcept("RID12", "RADLEX", "Diagnostic quality")
LIMITED: Final = CodedConcept("RID13", "RADLEX", "Limited quality")
NON_DIAGNOSTIC: Final = CodedConcept("RID14", "RADLEX", "Non-diagnostic quality")

Grey = npt.NDArray[np.float32]

LEAST_RANGE: Final = 0.04
"""Of full scale, between dark and bright structures of a hand: under it a film is nearly blank. Ours, from looking."""

MOST_CLIPPED: Final = 0.35
"""Share of a hand's pixels at the very end of the scale: above it bone detail is burnt out or never recorded."""

LEAST_SHARPNESS: Final = 0.052
"""A blur of 0.7 mm, near half a joint space, brings a sharp film down to this; 36 real films had 0.075 to 0.116."""


@dataclass(frozen=True, slots=True)
class HandQuality:
    """Measures of one hand on its film.

    ``contrast``: 5th to 95th percentile of its pixels, of full scale 1. ``too_dark`` and ``too_bright``: share of its
    pixels at the lower and upper end of the scale. ``sharpness``: 95th percentile of the step between neighbouring
    pixels of a joint crop (0.36 mm in an adult), over the contrast.
    """

    contrast: float
    too_dark: float
    too_bright: float
    sharpness: float

    @property
    def faults(self) -> tuple[str, ...]:
        """Keys of what is wrong: ``under_exposed``, ``over_exposed``, ``low_contrast``, ``blurred``."""
        found = {
            "under_exposed": self.too_bright > MOST_CLIPPED,
            "over_exposed": self.too_dark > MOST_CLIPPED,
            "low_contrast": self.contrast < LEAST_RANGE,
            "blurred": self.sharpness < LEAST_SHARPNESS,
        }
        return tuple(key for key, true in found.items() if true)


def hand_quality(crops: Grey) -> HandQuality:
    """Measure one hand on its joint crops (n, rows, columns) before normalisation: 0..1, bone bright."""
    low, high = (float(v) for v in np.percentile(crops, (5, 95)))
    contrast = high - low
    steps = np.abs(np.diff(crops, axis=2))
    return HandQuality(
        contrast=contrast,
        too_dark=float((crops <= 0.002).mean()),
        too_bright=float((crops >= 0.998).mean()),
        sharpness=float(np.percentile(steps, 95)) / max(contrast, 1e-6),
    )


def verdict(hands: Sequence[HandQuality]) -> CodedConcept:
    """One verdict for all hands of a study: its worst hand; no hand, or a blank one, is not diagnostic."""
    faults = {fault for hand in hands for fault in hand.faults}
    if not hands or "low_contrast" in faults:
        return NON_DIAGNOSTIC
    return LIMITED if faults else DIAGNOSTIC
