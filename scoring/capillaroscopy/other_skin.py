"""Skin that is no nailfold, through the same lens and phone as the nailfold phantoms: the gate learns to refuse it.

What is nailfold about a phantom is then its rows of capillaries and its edge, never the way it was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.phantoms.nailfold.fold import Fold, draw_fold
from scoring.phantoms.nailfold.in_the_way import put_in_the_way
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.phone_camera import Picture, draw_blur, take_picture
from scoring.phantoms.nailfold.skin import Light, light_of_skin
from scoring.phantoms.nailfold.skin_tone import MELANIN
from scoring.phantoms.nailfold.texture import cloud, smooth_step
from scoring.phantoms.nailfold.vessel import Vessel
from scoring.phantoms.nailfold.view import ASPECT, View
from scoring.phantoms.seeded import stream

_CLEAR_OF_EDGE_UM: Final = 300.0
_BLURRED: Final = 0.2
Numbers = npt.NDArray[np.float64]
_Vessels = Callable[[np.random.Generator, float, float], list[Vessel]]
"""Of a field so many micrometres across around (0, v)."""


def draw_other_skin(seed: int, columns: int) -> Picture:
    """Bare skin, capillaries seen from above, wide winding vessels, a pigmented lesion, or nothing but nail."""
    draw = stream(seed, "other skin")
    patient = draw_patient(seed)
    kind = str(draw.choice(list(_KINDS)))
    field = patient.lens.field_um * float(np.exp(draw.uniform(-0.4, 1.4)))
    fold = draw_fold(patient, "R", "RING")
    view = _away_from_the_fold(fold, field, columns, patient.lens.dark_border, draw, nail=kind == "nail")
    vessels = tuple(_KINDS[kind](draw, field, view.v))
    behind = fold.plexus if draw.random() < 0.4 else ()
    light = light_of_skin(replace(fold, capillaries=(), haemorrhages=(), behind=vessels, plexus=behind), view, draw)
    if kind.startswith("lesion"):
        _pigment(light, draw)
    put_in_the_way(light, view, patient.lens.oil, draw)
    return take_picture(light, view, patient.lens, draw_blur(draw.random() < _BLURRED, draw), draw)


def _away_from_the_fold(
    fold: Fold, field: float, columns: int, border: float, draw: np.random.Generator, *, nail: bool
) -> View:
    """So far behind its edge, or in front of it, that it cannot be seen however the lens is turned."""
    rows, scale = round(ASPECT * columns), field / columns
    away = 0.65 * field + _CLEAR_OF_EDGE_UM
    edge = float(fold.row.edge_v(np.array(0.0)))
    v = edge - 2 * fold.row.cuticle_um - away if nail else edge + away
    return View((rows, columns), scale, 0.0, v, float(draw.uniform(0, 2 * np.pi)), border * np.hypot(rows, columns) / 2)


def _none(draw: np.random.Generator, field: float, v: float) -> list[Vessel]:
    return []


def _from_above(draw: np.random.Generator, field: float, v: float) -> list[Vessel]:
    """Dots and commas without order, as papillary capillaries are anywhere but at the nail."""
    apart = draw.uniform(60, 160) * max(1.0, field / 2500)
    lattice = np.arange(-0.7 * field, 0.7 * field, apart)
    places = np.stack(np.meshgrid(lattice, lattice + v), axis=-1).reshape(-1, 2)
    places = places + draw.normal(0, 0.35 * apart, places.shape)
    longest, wide = draw.uniform(5, 70), draw.uniform(5, 10) * max(1.0, field / 2500)
    return [_curl(place, longest * draw.random(), wide * draw.uniform(0.7, 1.3), draw) for place in places]


def _curl(place: Numbers, length: float, wide: float, draw: np.random.Generator) -> Vessel:
    heading = draw.uniform(0, 2 * np.pi) + np.linspace(0, draw.normal(0, 2.0), 6)
    steps = np.stack((np.cos(heading), np.sin(heading)), axis=1) * (length + 2) / 6
    return _vessel(place + np.cumsum(steps, axis=0), np.full(6, wide), np.full(6, draw.uniform(0.3, 0.9)))


def _winding(draw: np.random.Generator, field: float, v: float) -> list[Vessel]:
    """Long vessels that wander and thin out, as in telangiectases and lesions."""
    vessels = []
    for _ in range(int(draw.integers(2, 12))):
        start = draw.uniform(-0.6 * field, 0.6 * field, 2) + np.array((0, v))
        heading = draw.uniform(0, 2 * np.pi) + np.cumsum(draw.normal(0, 0.3, 40))
        steps = np.stack((np.cos(heading), np.sin(heading)), axis=1) * field * draw.uniform(0.008, 0.025)
        wide = field * draw.uniform(0.003, 0.018) * np.linspace(1, draw.uniform(0.3, 1), 40)
        vessels.append(_vessel(start + np.cumsum(steps, axis=0), wide, np.full(40, draw.uniform(0.3, 1.0))))
    return vessels


_KINDS: Final[Mapping[str, _Vessels]] = {
    "bare": _none,
    "from above": _from_above,
    "from above, once more": _from_above,
    "winding": _winding,
    "lesion": _winding,
    "lesion without vessels": _none,
    "nail": _none,
}
"""Each as often as the others; what is to come twice as often stands here twice."""


def _pigment(light: Light, draw: np.random.Generator) -> None:
    """A dark patch with an uneven rim, a net or globules in it."""
    rows, columns = light.shape[1:]
    y, x = np.ogrid[:rows, :columns]
    middle, size = draw.uniform(0.2, 0.8, 2), draw.uniform(0.12, 0.5, 2)
    away = np.hypot((x / columns - middle[0]) / size[0], (y / rows - middle[1]) / size[1]).astype(np.float32)
    rim = away + 0.15 * cloud(draw, (rows, columns), rows / 8)
    net = 1 + draw.uniform(0, 0.5) * cloud(draw, (rows, columns), rows / draw.uniform(15, 60))
    amount = smooth_step(rim, 1.15, 0.85) * np.maximum(net, 0) * np.float32(np.exp(draw.uniform(-0.9, 1.5)))
    light *= np.exp(-MELANIN[:, None, None] * amount)


def _vessel(middle: Numbers, radius: Numbers, shown: Numbers) -> Vessel:
    return Vessel(middle.astype(np.float32), radius.astype(np.float32), shown.astype(np.float32))
