"""How much one patient's score moves by reading alone, in units of the score: never assumed, always from double reads.

Bias between the two readings is no part of it: it is in the limits of agreement.
"""

from __future__ import annotations

import math

import numpy.typing as npt

from scoring.agreement.series import score_pair
from scoring.errors import AgreementError


def standard_error_of_measurement(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """SD(d) / √2, d the difference of two readings of the same films (n,), SD with n - 1.

    UndefinedMeasureError when n < 2.

    >>> round(standard_error_of_measurement([0, 0, 0, 0], [1, -1, 1, -1]), 4)
    0.8165
    """
    one, other = score_pair(first, second, fewest=2)
    return float((one - other).std(ddof=1)) / math.sqrt(2)


def smallest_detectable_change_of_status(first: npt.ArrayLike, second: npt.ArrayLike, averaged: int = 1) -> float:
    """1.96 √2 SEM / √k: what two scores of one patient must differ by, each the mean of ``averaged`` (k) readers.

    ``first`` and ``second``: single readings of the same films, (n,). For scores of visits read apart, as a model does.

    >>> round(smallest_detectable_change_of_status([0, 0, 0, 0], [1, -1, 1, -1]), 4)
    2.2632
    """
    return 1.96 * math.sqrt(2) * standard_error_of_measurement(first, second) / _root_of_readers(averaged)


def smallest_detectable_change(change: npt.ArrayLike, again: npt.ArrayLike, averaged: int = 1) -> float:
    """1.96 SD(d) / (√2 √k), d the difference of two readings of the change between visits (n,).

    k = ``averaged``: of how many readers a reported change is the mean (Bruynesteyn, Ann Rheum Dis 2005;64:179).

    >>> round(smallest_detectable_change([0, 0, 0, 0], [1, -1, 1, -1], averaged=2), 4)
    1.1316
    """
    return 1.96 * standard_error_of_measurement(change, again) / _root_of_readers(averaged)


def _root_of_readers(averaged: int) -> float:
    if averaged < 1:
        raise AgreementError(f"A score is the mean of 1 or more readers, not of {averaged}.")
    return math.sqrt(averaged)
