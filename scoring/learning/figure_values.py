"""Numbers as figures keep them: four decimals, and NaN where a measure has no value."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Final

import numpy as np

from scoring.errors import UndefinedMeasureError

_DECIMALS: Final = 4


def rounded(value: float | np.floating) -> float:
    """In the decimals that figures are kept in."""
    return round(float(value), _DECIMALS)


def measured(measure: Callable[..., float], *series: object) -> float:
    """A measure of these series, rounded; NaN where it has no value, as of grades that never vary."""
    try:
        return rounded(measure(*series))
    except UndefinedMeasureError:
        return nan
