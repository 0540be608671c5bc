"""Light that comes back from the fold, the cuticle and the nail: linear red, green and blue before any lens."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from scoring.phantoms.nailfold.fold import Fold
from scoring.phantoms.nailfold.haemorrhage import Haemorrhage, stain
from scoring.phantoms.nailfold.skin_tone import (
    BLOOD_PER_UM,
    CUTICLE,
    DERMIS,
    MELANIN,
    NAIL,
    OLD_BLOOD_PER_UM,
    melanin_of,
)
from scoring.phantoms.nailfold.texture import Plane, cloud, enlarged, smooth_step
from scoring.phantoms.nailfold.vessel import Vessel, blood_thickness
from scoring.phantoms.nailfold.view import View

Light = npt.NDArray[np.float32]
"""(3, rows, columns), linear, 0..1."""
_BEHIND: Final = (2, 7.0)
"""Rows behind: drawn with pixels so many times as large, and blurred by so many micrometres of skin above them."""
_PLEXUS: Final = (4, 26.0)
_SCATTERED_UM: Final = 52.0
"""However thick a vessel is, light that never went through it is scattered into its picture."""


def light_of_skin(fold: Fold, view: View, draw: np.random.Generator) -> Light:
    """The whole field, in focus and evenly lit."""
    u, v = view.places
    blood = _blood(fold, view)
    beyond_edge = v - fold.row.edge_v(u).astype(np.float32) + 5 * _grain(draw, view, 45)
    clouds = _grain(draw, view, 130)
    melanin = _melanin(fold, view, beyond_edge, clouds, draw)
    pink = 1.6 - 0.6 * clouds[:, ::-1] + 0.22 * _grain(draw, view, 30)
    light = DERMIS[:, None, None] * np.exp(
        -(BLOOD_PER_UM[:, None, None] * (blood + 3 * pink) + MELANIN[:, None, None] * melanin)
    )
    light *= 1 + 0.022 * _grain(draw, view, 9) + 0.03 * clouds
    _bleed(light, fold, view, draw)
    _cuticle_and_nail(light, fold, view, beyond_edge, draw)
    return np.asarray(light, np.float32)


def _blood(fold: Fold, view: View) -> Plane:
    """Micrometres of blood in the light's way, the deeper vessels paler."""
    row = [vessel for capillary in fold.capillaries for vessel in capillary.vessels]
    blood = _thickness(row, view)
    blood = _SCATTERED_UM * (1 - np.exp(-blood / _SCATTERED_UM))
    blood += 1.1 * _deeper(fold.behind, view, *_BEHIND)
    blood += 0.6 * _deeper(fold.plexus, view, *_PLEXUS)
    return np.asarray(blood, np.float32)


def _deeper(vessels: tuple[Vessel, ...], view: View, factor: int, blur_um: float) -> Plane:
    coarse = view.coarser(factor)
    plane = gaussian_filter(_thickness(list(vessels), coarse), blur_um / coarse.um_per_px, truncate=2.5)
    return enlarged(np.asarray(plane, np.float32), view.shape)


def _thickness(vessels: list[Vessel], view: View) -> Plane:
    """Those within a picture's breadth of its middle."""
    reach = view.um_per_px * view.shape[1]
    near = [vessel for vessel in vessels if abs(float(vessel.middle[0, 0]) - view.u) < reach]
    if not near:
        return np.zeros(view.shape, np.float32)
    pixels = np.split(
        view.to_pixels(np.concatenate([vessel.middle for vessel in near])),
        np.cumsum([len(vessel.middle) for vessel in near])[:-1],
    )
    return blood_thickness(
        [vessel.at_pixels(at, view.um_per_px) for vessel, at in zip(near, pixels, strict=True)],
        view.shape,
        view.um_per_px,
    )


def _melanin(fold: Fold, view: View, beyond_edge: Plane, clouds: Plane, draw: np.random.Generator) -> Plane:
    """Units of ``MELANIN``: in clouds and in a fine net, more of both the darker the skin; denser at the edge."""
    mean = melanin_of(fold.patient.tone)
    rim = 0.22 * np.exp(-((beyond_edge / 70) ** 2))
    return np.maximum(mean * (1 + 0.09 * clouds + 0.055 * _grain(draw, view, 26) + rim), 0)


def _bleed(light: Light, fold: Fold, view: View, draw: np.random.Generator) -> None:
    u, v = view.places
    for haemorrhage in fold.haemorrhages:
        part = _around(view, haemorrhage)
        if u[part].size:
            grain = cloud(draw, u[part].shape, 14 / view.um_per_px)
            thickness = haemorrhage.thickness_um * stain(u[part], v[part], haemorrhage.spots, grain)
            absorbed = (1 - haemorrhage.age) * BLOOD_PER_UM + haemorrhage.age * OLD_BLOOD_PER_UM
            light[:, part[0], part[1]] *= np.exp(-absorbed[:, None, None] * thickness)


def _around(view: View, haemorrhage: Haemorrhage) -> tuple[slice, slice]:
    """The rows and columns that its spots can reach."""
    pixels = view.to_pixels(haemorrhage.spots[:, :2])
    reach = 1.5 * float(haemorrhage.spots[:, 2:].max()) / view.um_per_px
    (left, top), (right, bottom) = pixels.min(axis=0) - reach, pixels.max(axis=0) + reach
    rows, columns = view.shape
    return (
        slice(min(max(0, int(top)), rows), min(max(0, int(bottom) + 1), rows)),
        slice(min(max(0, int(left)), columns), min(max(0, int(right) + 1), columns)),
    )


def _cuticle_and_nail(light: Light, fold: Fold, view: View, beyond_edge: Plane, draw: np.random.Generator) -> None:
    """In front of the edge the pale, flaking cuticle, thinner and thinner, and then the plate of the nail."""
    breadth = fold.row.cuticle_um
    rows = np.flatnonzero(beyond_edge.min(axis=1) < breadth)
    if not rows.size:
        return
    part = slice(rows[0], rows[-1] + 1)
    light, before, u = light[:, part], -beyond_edge[part], view.places[0][part]
    flakes, patches = (cloud(draw, u.shape, d / view.um_per_px, a / view.um_per_px) for d, a in ((9, 40), (45, 160)))
    tan = np.exp(-MELANIN * melanin_of(fold.patient.tone))
    before = before + breadth * 0.22 * patches + 5 * flakes
    cuticle = CUTICLE * tan**0.35
    cover = smooth_step(before, -0.5 * breadth, 0.5 * breadth) * (0.5 + 0.13 * flakes + 0.16 * patches)
    light += cover * (cuticle[:, None, None] * (1 + 0.04 * flakes) - light)
    ridges = draw.standard_normal(160).astype(np.float32)
    ridge = np.interp(u, np.linspace(-2600, 2600, ridges.size), ridges).astype(np.float32)
    plate = smooth_step(before, 0.75 * breadth, 1.25 * breadth)
    light += plate * ((NAIL * tan**0.25)[:, None, None] * (1 + 0.02 * ridge + 0.03 * patches) - light)
    light *= 1 - 0.16 * np.exp(-(((before - breadth) / 30) ** 2))


def _grain(draw: np.random.Generator, view: View, coarse_um: float) -> Plane:
    return cloud(draw, view.shape, coarse_um / view.um_per_px)
