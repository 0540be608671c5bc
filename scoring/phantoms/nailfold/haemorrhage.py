"""Haemorrhages: blood that left a capillary and grows out with the cuticle, spot behind spot in front of the row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.phantoms.nailfold.patient import NailfoldPatient
from scoring.phantoms.nailfold.row_line import RowLine
from scoring.phantoms.nailfold.texture import Plane, smooth_step
from scoring.phantoms.nailfold.vessel import Points


@dataclass(frozen=True)
class Haemorrhage:
    """``spots``: (n, 4) of centre u, centre v, half width, half height in micrometres; ``age`` 0 (red) to 1 (brown)."""

    u: float
    v: float
    spots: Points
    thickness_um: float
    age: float


def draw_haemorrhages(
    patient: NailfoldPatient, row: RowLine, ends: tuple[float, float], draw: np.random.Generator
) -> tuple[Haemorrhage, ...]:
    """As many as the pattern has; single, or stacked towards the edge where a capillary bled again and again."""
    number = draw.poisson(patient.pattern.haemorrhages_per_mm * (ends[1] - ends[0]) / 1000)
    return tuple(_haemorrhage(float(u), row, draw) for u in draw.uniform(*ends, number))


def _haemorrhage(u: float, row: RowLine, draw: np.random.Generator) -> Haemorrhage:
    width = draw.uniform(30, 75)
    v = float(row.v(np.array(u))) - draw.uniform(8, 40)
    spots = []
    for n in range(int(draw.choice((1, 2, 3), p=(0.5, 0.3, 0.2)))):
        centre_u, centre_v = u + draw.normal(0, 6), v - n * draw.uniform(26, 42)
        for _ in range(int(draw.integers(2, 5))):
            spots.append(
                (
                    centre_u + draw.normal(0, 0.32 * width),
                    centre_v + draw.normal(0, 6),
                    width * draw.uniform(0.35, 0.8),
                    draw.uniform(13, 26),
                )
            )
        width *= draw.uniform(0.7, 1.0)
    return Haemorrhage(u, v, np.array(spots, np.float32), float(draw.uniform(45, 90)), float(draw.uniform(0, 1)))


def stain(u: Plane, v: Plane, spots: Points, grain: Plane) -> Plane:
    """0..1: where the blood is, its edge frayed by ``grain``."""
    inside = np.full(u.shape, -9.0, np.float32)
    for centre_u, centre_v, half_width, half_height in spots:
        away = np.hypot((u - centre_u) / half_width, (v - centre_v) / half_height)
        inside = np.maximum(inside, 1 - away)
    return smooth_step(inside + 0.10 * grain, -0.2, 0.9)
