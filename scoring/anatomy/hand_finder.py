"""Find the hands of a radiograph: the gate, the way up, the side and every scored site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from scoring.anatomy.found_hand import HandSearch
from scoring.score_rules.sharp_van_der_heijde import Side


class HandFinder:
    """The two networks of hand anatomy, loaded once. Thread-safe after opening."""

    @classmethod
    def open(cls, folder: Path | None = None) -> HandFinder:
        """Load the packaged weights (or those of ``folder``) after their SHA-256 matched; WeightsError otherwise."""
        raise NotImplementedError

    def find(self, pixels: npt.NDArray[np.float32], expected_side: Side | None = None) -> HandSearch:
        """Search one picture: (rows, columns), 0..1, bone bright. ``expected_side``: what the header says."""
        raise NotImplementedError
