"""Who is pictured, and with what: everything that all pictures of one patient have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scoring.phantoms.nailfold.pattern import PATTERNS, Pattern
from scoring.phantoms.nailfold.skin_tone import DARKEST, LIGHTEST
from scoring.phantoms.seeded import stream

FIELD_UM: Final = (1150.0, 1600.0)
"""Width of the skin that one picture shows."""


@dataclass(frozen=True, slots=True)
class LensAndPhone:
    """A lens clipped to a phone; ``dark_border`` is the radius of its field in half diagonals of the picture."""

    field_um: float
    dark_border: float
    vignetting: float
    warmth: float
    contrast: float
    sharpening: float
    noise: float
    jpeg_quality: int
    oil: bool
    """Immersion oil takes the shine away and brings bubbles."""


@dataclass(frozen=True, slots=True)
class NailfoldPatient:
    """``tone``: Monk scale. ``severity``: 0..1 within the pattern. Lengths of normal capillaries in micrometres."""

    seed: int
    pattern: Pattern
    severity: float
    tone: float
    capillary_um: float
    limb_um: float
    limbs_apart_um: float
    tortuosity: float
    plexus: float
    """How far the subpapillary plexus shows, 0..1."""
    slant: float
    """Radians, common to all capillaries."""
    blurry_share: float
    """Of this operator's pictures."""
    lens: LensAndPhone


def draw_patient(seed: int, pattern: Pattern | None = None, tone: float | None = None) -> NailfoldPatient:
    """A patient of the seed; ``pattern`` and ``tone`` may be chosen."""
    draw = stream(seed, "nailfold patient")
    drawn = PATTERNS[int(draw.choice(len(PATTERNS), p=[p.frequency for p in PATTERNS]))]
    drawn_tone = float(draw.uniform(LIGHTEST, DARKEST))
    return NailfoldPatient(
        seed=seed,
        pattern=pattern or drawn,
        severity=float(draw.random()),
        tone=drawn_tone if tone is None else tone,
        capillary_um=float(draw.uniform(12.0, 16.5)),
        limb_um=float(draw.uniform(150.0, 310.0)),
        limbs_apart_um=float(draw.uniform(5.0, 9.0)),
        tortuosity=float(draw.beta(1.2, 3.5)),
        plexus=float(draw.beta(1.3, 2.0)),
        slant=float(draw.normal(0, 0.10)),
        blurry_share=float(draw.beta(2.0, 5.0)),
        lens=_lens(seed),
    )


def _lens(seed: int) -> LensAndPhone:
    draw = stream(seed, "nailfold lens")
    return LensAndPhone(
        field_um=float(draw.uniform(*FIELD_UM)),
        dark_border=float(draw.uniform(0.72, 1.0)) if draw.random() < 0.4 else float("inf"),
        vignetting=float(draw.uniform(0.1, 0.5)),
        warmth=float(draw.normal(0, 0.06)),
        contrast=float(draw.uniform(0.9, 1.15)),
        sharpening=float(draw.uniform(0, 1.4)),
        noise=float(draw.uniform(1.0, 4.0)),
        jpeg_quality=int(draw.integers(70, 95)),
        oil=bool(draw.random() < 0.6),
    )
