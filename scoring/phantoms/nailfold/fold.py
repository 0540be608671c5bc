"""One finger's nail fold over its whole breadth; pictures of the finger are views of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scoring.phantoms.nailfold.capillary import Capillary
from scoring.phantoms.nailfold.deep_vessels import draw_plexus, draw_rows_behind
from scoring.phantoms.nailfold.distal_row import draw_distal_row
from scoring.phantoms.nailfold.haemorrhage import Haemorrhage, draw_haemorrhages
from scoring.phantoms.nailfold.patient import NailfoldPatient
from scoring.phantoms.nailfold.row_line import RowLine, draw_row_line
from scoring.phantoms.nailfold.vessel import Vessel
from scoring.phantoms.seeded import stream
from scoring.score_rules.nailfold_labels import Finger
from scoring.score_rules.sharp_van_der_heijde import Side

BREADTH_UM: Final = 3400.0
"""Of the fold that is drawn: pictures show a third to a half of it."""


@dataclass(frozen=True)
class Fold:
    """What grows there; ``u`` from -``BREADTH_UM`` / 2 on."""

    patient: NailfoldPatient
    side: Side
    finger: Finger
    row: RowLine
    capillaries: tuple[Capillary, ...]
    behind: tuple[Vessel, ...]
    plexus: tuple[Vessel, ...]
    haemorrhages: tuple[Haemorrhage, ...]


def draw_fold(patient: NailfoldPatient, side: Side, finger: Finger) -> Fold:
    """The fold of one finger; the same patient and finger give the same fold."""
    draw = stream(patient.seed, f"nailfold {side} {finger}")
    ends = (-BREADTH_UM / 2, BREADTH_UM / 2)
    row = draw_row_line(draw)
    capillaries = draw_distal_row(patient, row, ends, draw)
    return Fold(
        patient=patient,
        side=side,
        finger=finger,
        row=row,
        capillaries=capillaries,
        behind=draw_rows_behind(patient, row, ends, draw),
        plexus=draw_plexus(patient, ends, draw),
        haemorrhages=draw_haemorrhages(patient, row, ends, draw),
    )
