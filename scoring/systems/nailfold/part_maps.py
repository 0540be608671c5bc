"""Which parts of a picture the demonstration network is told the places of."""

from __future__ import annotations

from typing import Final

PARTS: Final = ("apex", "abnormal_shape", "giant", "haemorrhage")
