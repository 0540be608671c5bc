"""Where the lens is held: the map between micrometres of the fold and pixels of the picture, and what is in sight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.phantoms.nailfold.row_line import RowLine
from scoring.phantoms.nailfold.texture import Plane
from scoring.phantoms.nailfold.vessel import Points

ASPECT: Final = 0.75
"""Rows of a picture for each of its columns."""
_STEP_UM: Final = 1.0


@dataclass(frozen=True)
class View:
    """``u``, ``v``: what is in the middle. ``turn`` in radians. ``field_px``: radius of the bright field."""

    shape: tuple[int, int]
    um_per_px: float
    u: float
    v: float
    turn: float
    field_px: float

    def to_pixels(self, places: Points) -> Points:
        """(n, 2) u, v in micrometres to x, y in pixels; a pixel's middle has whole numbers."""
        du, dv = (places[:, 0] - self.u) / self.um_per_px, (places[:, 1] - self.v) / self.um_per_px
        c, s = np.cos(self.turn), np.sin(self.turn)
        x, y = du * c - dv * s + self._middle[0], du * s + dv * c + self._middle[1]
        return np.stack((x, y), axis=1).astype(np.float32)

    def in_sight(self, places: Points) -> npt.NDArray[np.bool_]:
        """(n,): is the place within the picture and the bright field of the lens."""
        x, y = self.to_pixels(places).T
        inside = (x > -0.5) & (y > -0.5) & (x < self.shape[1] - 0.5) & (y < self.shape[0] - 0.5)
        return np.asarray(inside & (np.hypot(x - self._middle[0], y - self._middle[1]) < self.field_px))

    def visible_row_mm(self, row: RowLine) -> float:
        """Length of the distal row that is in sight."""
        reach = 0.75 * self.um_per_px * self.shape[1]
        u = np.arange(self.u - reach, self.u + reach, _STEP_UM)
        places = np.stack((u, row.v(u)), axis=1)
        lengths = np.hypot(*np.diff(places, axis=0).T)
        return float((lengths * self.in_sight(places[:-1].astype(np.float32))).sum() / 1000)

    @cached_property
    def places(self) -> tuple[Plane, Plane]:
        """u and v at each pixel."""
        y, x = np.ogrid[: self.shape[0], : self.shape[1]]
        dx = ((x - self._middle[0]) * self.um_per_px).astype(np.float32)
        dy = ((y - self._middle[1]) * self.um_per_px).astype(np.float32)
        c, s = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        return dx * c + dy * s + np.float32(self.u), dy * c - dx * s + np.float32(self.v)

    @cached_property
    def from_middle(self) -> Plane:
        """Distance of each pixel from the middle, in half diagonals."""
        y, x = np.ogrid[: self.shape[0], : self.shape[1]]
        away = np.hypot(x - self._middle[0], y - self._middle[1])
        return np.asarray(away / np.hypot(*self._middle), np.float32)

    def coarser(self, factor: int) -> View:
        """The same view with pixels so many times as large."""
        rows, columns = (-(-n // factor) for n in self.shape)
        return View((rows, columns), self.um_per_px * factor, self.u, self.v, self.turn, self.field_px / factor)

    @property
    def _middle(self) -> tuple[float, float]:
        return (self.shape[1] - 1) / 2, (self.shape[0] - 1) / 2
