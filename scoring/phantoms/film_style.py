"""Everything about a film that is not the hand, and how films vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Frame = Literal["none", "line", "white", "black"]


@dataclass(frozen=True, slots=True)
class FilmStyle:
    """Everything about a film that is not the hand.

    ``base``: grey of bare film 0..1. ``contrast``: grey per unit of attenuation. ``gamma``: applied last.
    ``grain``: noise deviation. ``blur_mm``: unsharpness. ``scatter``: share of scattered light. ``sharpening``: edge
    enhancement of the scanner. ``heel``: shading across the film and ``heel_degrees`` its direction. ``margins_mm``:
    free film left, above, right of and below the hand; ``forearm_mm``: forearm shown. ``frame``: collimation;
    ``frame_mm``: film beyond it; ``frame_degrees``: its turn. ``strips_mm``: white rims of the scanner left, above,
    right and below. ``marker``: side letter of lead, with its turn and the ``initials`` beside it. ``degrees``: turn
    of the hand.
    """

    base: float = 0.04
    contrast: float = 0.75
    gamma: float = 1.0
    grain: float = 0.008
    blur_mm: float = 0.18
    scatter: float = 0.15
    sharpening: float = 0.0
    heel: float = 0.02
    heel_degrees: float = 0.0
    margins_mm: tuple[float, float, float, float] = (14.0, 14.0, 14.0, 0.0)
    forearm_mm: float = 35.0
    frame: Frame = "none"
    frame_mm: float = 0.0
    frame_degrees: float = 0.0
    strips_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    marker: bool = True
    marker_degrees: float = 0.0
    initials: str = ""
    degrees: float = 0.0


def sample_film(rng: np.random.Generator) -> FilmStyle:
    """Draw a film as they come: a third well exposed on black, the rest greyer, from nearly black to nearly white."""
    kind = float(rng.uniform())
    if kind < 0.4:
        base, contrast = float(rng.uniform(0.0, 0.1)), float(rng.uniform(0.55, 1.0))
    elif kind < 0.9:
        base = float(rng.uniform(0.1, 0.62))
        contrast = float(rng.uniform(0.16, 0.6)) * (1.0 - 0.6 * base)
    else:
        base, contrast = float(rng.choice([0.01, 0.74])), float(rng.uniform(0.14, 0.26))
    frame: Frame = rng.choice(["none", "line", "white", "black"], p=[0.45, 0.3, 0.13, 0.12])
    loose = float(rng.uniform(4.0, 40.0)) if rng.uniform() < 0.8 else float(rng.uniform(30.0, 70.0))
    margins = tuple(float(m) for m in np.maximum(loose * rng.uniform(0.3, 1.3, 4), 4.0))
    strips = [float(w) if rng.uniform() < 0.12 else 0.0 for w in rng.uniform(0.8, 3.5, 4)]
    return FilmStyle(
        base=base,
        contrast=contrast,
        gamma=float(np.exp(rng.normal(0.0, 0.16))),
        grain=float(0.003 + 0.020 * rng.beta(1.2, 3.0)) * (0.1 + contrast),
        blur_mm=float(rng.uniform(0.10, 0.30)),
        scatter=float(rng.uniform(0.05, 0.3)),
        sharpening=max(float(rng.uniform(-0.7, 0.7)), 0.0),
        heel=float(rng.uniform(0.0, 0.08)) * (0.3 + contrast),
        heel_degrees=float(rng.uniform(0.0, 360.0)),
        margins_mm=(margins[0], margins[1], margins[2], 0.0 if frame == "none" else margins[3] * 0.3),
        forearm_mm=float(rng.uniform(14.0, 60.0)),
        frame=frame,
        frame_mm=0.0 if frame == "none" else float(rng.uniform(2.0, 30.0)),
        frame_degrees=float(rng.normal(0.0, 2.0)),
        strips_mm=(strips[0], strips[1], strips[2], strips[3]),
        marker=bool(rng.uniform() < 0.85),
        marker_degrees=float(rng.choice([0.0, 0.0, float(rng.normal(0, 15)), float(rng.uniform(0, 360))])),
        initials="".join(rng.choice(list("ABCDHJKLMNOPRST"), int(rng.integers(0, 4)))),
        degrees=float(np.clip(rng.normal(0.0, 5.0), -15.0, 15.0)),
    )
