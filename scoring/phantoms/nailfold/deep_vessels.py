"""What shows behind the distal row: capillaries of the next rows, shorter and paler, and the plexus under them."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.phantoms.nailfold.patient import NailfoldPatient
from scoring.phantoms.nailfold.row_line import RowLine
from scoring.phantoms.nailfold.vessel import Vessel

_ACROSS: Final = (-1, -1, -1, -0.95, -0.6, 0, 0.6, 0.95, 1, 1, 1)
_DOWN: Final = (1, 0.7, 0.4, 0.2, 0.05, 0, 0.05, 0.2, 0.4, 0.7, 1)
_HAIRPIN: Final = np.array((_ACROSS, _DOWN)).T
"""Across in halves of the distance of limbs, down in lengths."""


def draw_rows_behind(
    patient: NailfoldPatient, row: RowLine, ends: tuple[float, float], draw: np.random.Generator
) -> tuple[Vessel, ...]:
    """Two more rows: seen more and more from above, so that loops become commas and dots."""
    density = sum(patient.pattern.density) / 2
    vessels: list[Vessel] = []
    for n in (1, 2):
        step = 1000 / (density * (1.0 - 0.08 * n))
        for u in np.arange(ends[0], ends[1], step) + draw.uniform(0, step):
            place = u + draw.normal(0, 0.28 * step)
            v = float(row.v(np.array(place))) + n * draw.normal(1, 0.14) * (0.75 * patient.limb_um + 25)
            shown = draw.uniform(0.55, 1.0) * 0.85**n
            vessels.append(_comma(float(place), v, patient, 0.75**n * draw.uniform(0.3, 0.7), shown, draw))
    return tuple(vessels)


def _comma(
    u: float, v: float, patient: NailfoldPatient, length: float, shown: float, draw: np.random.Generator
) -> Vessel:
    """A hairpin foreshortened to ``length`` of a limb."""
    half = (patient.capillary_um + patient.limbs_apart_um * draw.uniform(0.4, 1.4)) / 2
    slant = patient.slant + draw.normal(0, 0.25)
    down = _HAIRPIN[:, 1] * (half + length * patient.limb_um)
    middle = np.stack((u + half * _HAIRPIN[:, 0] - np.sin(slant) * down, v + np.cos(slant) * down), axis=1)
    radius = np.full(len(_HAIRPIN), patient.capillary_um / 2 * draw.uniform(0.8, 1.15))
    return Vessel(middle, radius, shown * (1 - _HAIRPIN[:, 1]))


def draw_plexus(patient: NailfoldPatient, ends: tuple[float, float], draw: np.random.Generator) -> tuple[Vessel, ...]:
    """Venules along the fold, deep under the rows, with vessels between them."""
    venules: list[Vessel] = []
    u = np.linspace(ends[0], ends[1], 90)
    for n in range(int(draw.integers(3, 7))):
        v = 1.4 * patient.limb_um + n * draw.uniform(110, 190) + u * u / 20000
        v = v + draw.uniform(20, 60) * np.sin(u / draw.uniform(120, 340) + draw.uniform(0, 6.3))
        v = v + draw.uniform(5, 25) * np.sin(u / draw.uniform(40, 90) + draw.uniform(0, 6.3))
        width = draw.uniform(14, 32) * (1 + 0.3 * np.sin(u / draw.uniform(150, 400)))
        shown = patient.plexus * np.clip(0.6 + 0.6 * np.sin(u / draw.uniform(200, 600) + draw.uniform(0, 6.3)), 0, 1)
        venules.append(_vessel(u, v, width, shown))
    for _ in range(int(draw.integers(10, 30))):
        at, t = draw.uniform(*ends), np.linspace(0, 1, 12)
        down = draw.uniform(1.2, 3.5) * patient.limb_um + t * draw.uniform(90, 220)
        across = at + draw.normal(0, 60) * t + 15 * np.sin(t * draw.uniform(3, 7))
        venules.append(_vessel(across, down, np.full(12, draw.uniform(9, 18)), np.full(12, 0.8 * patient.plexus)))
    return tuple(venules)


def _vessel(u: object, v: object, radius: object, shown: object) -> Vessel:
    middle = np.stack((np.asarray(u), np.asarray(v)), axis=1).astype(np.float32)
    return Vessel(middle, np.asarray(radius, np.float32), np.asarray(shown, np.float32))
