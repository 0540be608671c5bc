"""Whether a picture shows a nailfold: has it colour, what says the view gate, do its capillaries lie in one row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scoring.capillaroscopy.capillary_finder import CapillaryFinder, CapillarySight
from scoring.capillaroscopy.colour import has_colour
from scoring.capillaroscopy.sharpness import Pixels
from scoring.capillaroscopy.view_gate import ROLE, ViewGate
from scoring.weights import WeightsRecord

_LOG_ODDS_PER_MM: Final = 32.0
"""How much a millimetre of capillaries apart from the main row speaks against a nailfold. In the middle of what seven
pictures of skin from above need to be refused (22), and 24 real nailfolds bear (42)."""


@dataclass(frozen=True)
class NailfoldInView:
    """The gate first; the capillary finder looks at what it lets in. Thread-safe."""

    gate: ViewGate
    finder: CapillaryFinder

    @classmethod
    def open(cls, record: WeightsRecord) -> NailfoldInView:
        """Both networks of one weights.toml; WeightsError when a file is missing, changed or not listed."""
        return cls(ViewGate.open(record.file(ROLE)), CapillaryFinder.open(record))

    def look(self, pixels: Pixels, um_per_px: float | None) -> CapillarySight | None:
        """What the finder sees of a nailfold; None where an upright, clean picture rather shows something else."""
        said, sight = self._asked(pixels, um_per_px)
        return sight if said >= self.gate.threshold else None

    def probability(self, pixels: Pixels, um_per_px: float | None) -> float:
        """0..1 that an upright, clean picture shows a nailfold; it is let in from the gate's threshold on."""
        return self._asked(pixels, um_per_px)[0]

    def _asked(self, pixels: Pixels, um_per_px: float | None) -> tuple[float, CapillarySight | None]:
        said = self.gate.probability(pixels) if has_colour(pixels) else 0.0
        if said < self.gate.threshold:
            return said, None
        sight = self.finder.look(pixels, um_per_px)
        return one_row_probability(said, sight.apart_mm), sight


def one_row_probability(said: float, apart_mm: float) -> float:
    """The gate's probability that a picture shows a nailfold, once so many millimetres lie apart from the main row.

    >>> one_row_probability(0.7, 0.0), round(one_row_probability(0.7, 0.1), 2)
    (0.7, 0.09)
    """
    if not 0 < said < 1:
        return said
    return said / (said + (1 - said) * math.exp(_LOG_ODDS_PER_MM * apart_mm))
