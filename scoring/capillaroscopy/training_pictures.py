"""What the network learns from: drawn pictures at its own scale, with the truth of every pixel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.capillaroscopy.capillary_network import BAND_UM, UM_PER_PX
from scoring.capillaroscopy.scaled_view import scaled_view
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.view import View
from scoring.phantoms.seeded import stream
from scoring.score_rules.nailfold_labels import FINGERS
from scoring.score_rules.sharp_van_der_heijde import Side

COLUMNS: Final = (360, 620)
"""Widths that pictures are drawn at, before they are brought to the network's scale: cameras differ."""
_PICTURES_A_PATIENT: Final = 2
_LARGEST_ZOOM: Final = 1.3
_LEAST_FIELD_UM: Final = 1152.0
"""Pictures are learnt from as if their skin were larger or smaller, so that a diameter is read and not guessed from
those that are usual; no field becomes narrower than the part that is cut out of it."""


@dataclass(frozen=True)
class LearntPicture:
    """``pixels`` (rows, columns, 3) bytes at the network's scale. ``tips`` (n, 2): x, y; ``diameters_um`` (n,).

    ``row`` (rows, columns): lies on the distal row, in sight.
    """

    pixels: npt.NDArray[np.uint8]
    tips: npt.NDArray[np.float32]
    diameters_um: npt.NDArray[np.float32]
    row: npt.NDArray[np.bool_]
    too_blurry: bool


def learnt_pictures(first_seed: int, count: int) -> Iterator[LearntPicture]:
    """``count`` pictures of patients from ``first_seed`` on, two of each, every second one sharp whoever took it."""
    for phantom in phantoms(first_seed, count, _PICTURES_A_PATIENT, every_second_sharp=True):
        draw = stream(phantom.fold.patient.seed, f"zoom {phantom.fold.finger}")
        least = _LEAST_FIELD_UM / (phantom.view.um_per_px * phantom.view.shape[1])
        yield learnt_picture(phantom, float(draw.uniform(least, _LARGEST_ZOOM)))


def phantoms(
    first_seed: int, count: int, pictures: int, *, every_second_sharp: bool = False
) -> Iterable[NailfoldPhantom]:
    """So many phantoms, ``pictures`` of each patient, every one of another finger; nothing else is chosen."""
    for n in range(count):
        seed = first_seed + n // pictures
        draw = stream(seed, f"camera {n % pictures}")
        finger = FINGERS[1 + n % (len(FINGERS) - 1)]
        side: Side = "R" if draw.random() < 0.5 else "L"
        columns = int(draw.integers(*COLUMNS))
        too_blurry = False if every_second_sharp and n % 2 else None
        yield draw_nailfold(draw_patient(seed), side, finger, columns=columns, too_blurry=too_blurry)


def learnt_picture(phantom: NailfoldPhantom, zoom: float = 1.0) -> LearntPicture:
    """A phantom brought to the network's scale, and its truth there; all of it ``zoom`` times as large as drawn."""
    view = scaled_view(phantom.pixels, phantom.view.um_per_px * zoom)[0].permute(1, 2, 0)
    pixels = (view * 255).round().byte().numpy()
    there = _with_pixels_of(phantom.view, UM_PER_PX / zoom, pixels.shape[:2])
    places = np.array([(capillary.u, capillary.v) for capillary in phantom.capillaries], np.float32)
    u, v = there.places
    in_sight = there.in_sight(np.stack((u.ravel(), v.ravel()), 1)).reshape(u.shape)
    return LearntPicture(
        pixels=pixels,
        tips=there.to_pixels(places.reshape(-1, 2)),
        diameters_um=np.array([zoom * capillary.diameter_um for capillary in phantom.capillaries], np.float32),
        row=(zoom * np.abs(v - phantom.fold.row.v(u)) < BAND_UM / 2) & in_sight,
        too_blurry=bool(phantom.labels["too_blurry"]),
    )


def _with_pixels_of(view: View, um_per_px: float, shape: tuple[int, ...]) -> View:
    """The same view with other pixels."""
    return View((shape[0], shape[1]), um_per_px, view.u, view.v, view.turn, view.field_px * view.um_per_px / um_per_px)
