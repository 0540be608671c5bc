"""One picture of one finger, with everything that is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from scoring.phantoms.nailfold.capillary import Capillary
from scoring.phantoms.nailfold.fold import BREADTH_UM, Fold, draw_fold
from scoring.phantoms.nailfold.haemorrhage import Haemorrhage
from scoring.phantoms.nailfold.in_the_way import put_in_the_way
from scoring.phantoms.nailfold.patient import NailfoldPatient
from scoring.phantoms.nailfold.phone_camera import Blur, Picture, draw_blur, take_picture
from scoring.phantoms.nailfold.skin import light_of_skin
from scoring.phantoms.nailfold.view import ASPECT, View
from scoring.phantoms.seeded import stream
from scoring.score_rules.nailfold_labels import Finger, NailfoldLabel, labels_of_picture
from scoring.score_rules.sharp_van_der_heijde import Side

COLUMNS: Final = 512
_FOLDS_KEPT: Final = 16


@dataclass(frozen=True)
class NailfoldPhantom:
    """``number`` counts the pictures of one finger from 1. ``pixels``: (rows, columns, 3), sRGB, upright."""

    fold: Fold
    number: int
    view: View
    blur: Blur
    pixels: Picture

    @property
    def capillaries(self) -> tuple[Capillary, ...]:
        """Those of the distal row whose apex is in sight."""
        return tuple(c for c in self.fold.capillaries if self._sees(c.u, c.v))

    @property
    def haemorrhages(self) -> tuple[Haemorrhage, ...]:
        """Those whose place is in sight."""
        return tuple(h for h in self.fold.haemorrhages if self._sees(h.u, h.v))

    @property
    def visible_row_mm(self) -> float:
        """Length of the distal row in sight."""
        return self.view.visible_row_mm(self.fold.row)

    @property
    def density_per_mm(self) -> float:
        """Capillaries in sight for each millimetre of row in sight."""
        return len(self.capillaries) / self.visible_row_mm

    @property
    def labels(self) -> Mapping[NailfoldLabel, bool | None]:
        """The five labels, as they follow from the rest."""
        seen = self.capillaries
        return labels_of_picture(
            [capillary.shape for capillary in seen],
            [capillary.diameter_um for capillary in seen],
            len(self.haemorrhages),
            self.density_per_mm,
            self.blur.um,
        )

    def _sees(self, u: float, v: float) -> bool:
        return bool(self.view.in_sight(np.array(((u, v),), np.float32))[0])


def draw_nailfold(
    patient: NailfoldPatient,
    side: Side,
    finger: Finger,
    number: int = 1,
    *,
    columns: int = COLUMNS,
    too_blurry: bool | None = None,
) -> NailfoldPhantom:
    """A picture ``columns`` wide. Everything follows from the patient and the names; finer pictures show the same."""
    draw = stream(patient.seed, f"nailfold picture {side} {finger} {number}")
    fold = _fold(patient, side, finger)
    view = _view(fold, columns, draw)
    drawn = draw.random() < patient.blurry_share
    blur = draw_blur(drawn if too_blurry is None else too_blurry, draw)
    light = light_of_skin(fold, view, draw)
    put_in_the_way(light, view, patient.lens.oil, draw)
    return NailfoldPhantom(fold, number, view, blur, take_picture(light, view, patient.lens, blur, draw))


@lru_cache(maxsize=_FOLDS_KEPT)
def _fold(patient: NailfoldPatient, side: Side, finger: Finger) -> Fold:
    """Pictures of one finger are drawn one after the other."""
    return draw_fold(patient, side, finger)


def _view(fold: Fold, columns: int, draw: np.random.Generator) -> View:
    """The row lies across the picture in its upper half; one picture in eight is taken from the other side."""
    lens = fold.patient.lens
    scale = lens.field_um / columns
    rows = round(ASPECT * columns)
    reach = BREADTH_UM / 2 - 0.66 * lens.field_um
    u = float(draw.uniform(-reach, reach))
    v = float(fold.row.v(np.array(u))) + rows * scale * draw.uniform(0.02, 0.24)
    turn = draw.normal(0, 0.10) + (np.pi if draw.random() < 1 / 8 else 0.0)
    field = lens.dark_border * np.hypot(rows, columns) / 2
    return View((rows, columns), scale, u, v, float(turn), float(field))
