"""The distal row: where its capillaries stand, how wide each is, and how it is shaped."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.phantoms.nailfold.capillary import Capillary, LoopForm, draw_capillary
from scoring.phantoms.nailfold.patient import NailfoldPatient
from scoring.phantoms.nailfold.row_line import Lengths, RowLine
from scoring.score_rules.nailfold_labels import Shape

GIANT_UM: Final = (55.0, 105.0)
ENLARGED_UM: Final = (21.0, 44.0)
NORMAL_SPREAD: Final = 0.09
"""Of the diameters of one patient's normal capillaries: a share, one standard deviation."""
_CLOSEST_UM: Final = 12.0
"""Between the walls of neighbours."""
_ABNORMAL: Final[tuple[Shape, ...]] = ("ramified", "branching", "coiled")
_HOW_ABNORMAL: Final = (0.5, 0.3, 0.2)
_WAVE_UM: Final = {"tortuous": (8.0, 15.0), "giant": (0.0, 9.0), "other": (0.0, 4.0)}
"""How far both limbs bend to a side."""


def draw_distal_row(
    patient: NailfoldPatient, row: RowLine, ends: tuple[float, float], draw: np.random.Generator
) -> tuple[Capillary, ...]:
    """Capillaries from one end to the other, at the patient's density give or take that of the finger."""
    low, high = patient.pattern.density
    density = (high + (low - high) * patient.severity) * draw.normal(1, 0.04)
    disorder = patient.pattern.disorder
    capillaries: list[Capillary] = []
    wall = -np.inf
    for u in _places(density, disorder, ends, draw):
        form = _form(patient, draw)
        breadth = form.diameter_um + form.apart_um / 2
        if u - breadth < wall + _CLOSEST_UM:
            u = wall + _CLOSEST_UM + breadth
        wall = u + breadth
        v = float(row.v(np.array(u))) + draw.normal(0, 7 + 26 * disorder)
        capillaries.append(draw_capillary(float(u), v, form, draw))
    return tuple(capillary for capillary in capillaries if capillary.u < ends[1])


def _places(density: float, disorder: float, ends: tuple[float, float], draw: np.random.Generator) -> Lengths:
    """Even steps, shaken; where capillaries were lost they are lost in groups, so that bare stretches remain."""
    step = 1000 / density
    places = np.arange(ends[0] + draw.uniform(0, step), ends[1], step)
    places += draw.normal(0, 0.10 + 0.12 * disorder, len(places)) * step
    if disorder > 0.5:
        drawn_together = 0.32 * disorder * step
        places += drawn_together * np.sin(places / draw.uniform(180, 320) + draw.uniform(0, 6.3))
    return np.sort(places)


def _form(patient: NailfoldPatient, draw: np.random.Generator) -> LoopForm:
    pattern = patient.pattern
    kind = draw.random()
    giant = kind < pattern.giant
    abnormal = pattern.giant <= kind < pattern.giant + pattern.abnormal
    enlarged = draw.random() < pattern.enlarged
    width = draw.uniform(*GIANT_UM) if giant else draw.uniform(*ENLARGED_UM) if enlarged else 0.0
    normal = patient.capillary_um * draw.normal(1, NORMAL_SPREAD)
    diameter = float(min(width, 30.0) or normal) if abnormal else float(width or normal)
    drawn = _ABNORMAL[int(draw.choice(len(_ABNORMAL), p=_HOW_ABNORMAL))]
    shape = drawn if abnormal else _normal_shape(patient, giant, draw)
    return LoopForm(
        shape=shape,
        diameter_um=diameter,
        limb_um=float(patient.limb_um * draw.uniform(0.75, 1.2) * (draw.uniform(0.7, 1.1) if giant else 1.0)),
        apart_um=float(patient.limbs_apart_um * draw.uniform(0.6, 1.6)) * (0.5 if giant else 1.0),
        slant=float(patient.slant + draw.normal(0, 0.06 + 0.28 * pattern.disorder**2)),
        wave_um=float(draw.uniform(*_WAVE_UM["giant" if giant else "tortuous" if shape == "tortuous" else "other"])),
        shown=float(draw.uniform(0.9, 1.25)),
    )


def _normal_shape(patient: NailfoldPatient, giant: bool, draw: np.random.Generator) -> Shape:
    if giant:
        return "hairpin"
    kind = draw.random()
    if kind < 0.30 * patient.tortuosity:
        return "crossing"
    return "tortuous" if kind < patient.tortuosity else "hairpin"
