"""Patterns of the nailfold as ranges to draw from: how many capillaries, how wide, how shaped, how much bleeding.

Which pattern has much of what follows Cutolo M et al., J Rheumatol 2000;27:155-160 (early, active and late); the
numbers are ours, chosen so that every label has pictures on both sides of its limit, few of them next to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PatternName = Literal["normal", "non-specific", "early", "active", "late"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """``density``: of the distal row per mm, from and to. Shares are of its capillaries, 0..1."""

    name: PatternName
    frequency: float
    density: tuple[float, float]
    giant: float
    enlarged: float
    abnormal: float
    haemorrhages_per_mm: float
    disorder: float
    """0: an even palisade; 1: capillaries at any distance and any slant."""


PATTERNS: Final = (
    Pattern("normal", 0.30, (8.0, 11.5), 0.0, 0.02, 0.012, 0.04, 0.15),
    Pattern("non-specific", 0.20, (7.6, 10.0), 0.0, 0.20, 0.09, 0.2, 0.35),
    Pattern("early", 0.17, (7.6, 9.5), 0.10, 0.25, 0.02, 0.4, 0.3),
    Pattern("active", 0.18, (3.6, 6.2), 0.28, 0.40, 0.06, 1.0, 0.6),
    Pattern("late", 0.15, (1.2, 3.6), 0.02, 0.20, 0.45, 0.08, 1.0),
)
