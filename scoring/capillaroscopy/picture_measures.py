"""What is measured on one calibrated picture of a nailfold: types only, no torch.

Coordinates are (x, y) in pixels of the picture as it was given: 0-based, pixel centres, x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scoring.score_rules.nailfold_labels import GIANT_ABOVE_UM, LOW_DENSITY_BELOW_PER_MM

Interval = tuple[float, float]
"""Lower and upper end; holds the truth of a new patient's picture at the rate that the calibration states."""
WhyNot = Literal["not_calibrated", "not_sharp", "no_row"]


@dataclass(frozen=True, slots=True)
class Loop:
    """One capillary of the distal row: tip of its apex, apical diameter, and how sure the network is of it, 0..1."""

    x: float
    y: float
    diameter_um: float
    certainty: float


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """``loops`` from left to right. ``row_mm``: length of the distal row in sight; ``hidden_row_mm``: how much
    more there would be without what is drawn over the picture.

    ``widest_um`` is None where no capillary is in sight; an interval is None where the calibration says nothing.
    """

    loops: tuple[Loop, ...]
    row_mm: float
    density_per_mm: float
    density_interval: Interval | None
    widest_um: float | None
    widest_interval: Interval | None
    hidden_row_mm: float = 0.0

    @property
    def giant(self) -> bool:
        """A capillary is a giant one."""
        return self.widest_um is not None and self.widest_um > GIANT_ABOVE_UM

    @property
    def low_density(self) -> bool:
        """There are fewer capillaries to the millimetre than in health."""
        return self.density_per_mm < LOW_DENSITY_BELOW_PER_MM


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Why a picture gives no measures.

    ``not_calibrated``: nobody says how large a pixel is, or says what no such picture has. ``not_sharp``: limbs of
    a capillary merge. ``no_row``: no stretch of the distal row is in sight that could be counted along.
    """

    reason: WhyNot
