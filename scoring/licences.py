"""What a licence of weights allows, as far as its words tell."""

from __future__ import annotations

import re
from typing import Final

_NOT_COMMERCIAL: Final = re.compile(r"non[- ]?commercial|\bcc[- ]by[- ]nc\b", re.IGNORECASE)


def forbids_commercial_use(licence: str) -> bool:
    """True where the licence's name or words say so.

    >>> forbids_commercial_use("CC-BY-NC-4.0"), forbids_commercial_use("Apache-2.0")
    (True, False)
    """
    return bool(_NOT_COMMERCIAL.search(licence))
