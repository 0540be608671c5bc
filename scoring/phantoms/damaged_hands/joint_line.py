"""The line of a joint space on a film: the dark valley between two bone ends, and how wide it is.

A joint's own coordinates: ``along`` its bones towards the finger tip, ``across`` them, both in mm from the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from scoring.phantoms.damaged_hands.real_hand import Grey, Point, RealHand

HALF_WIDTH_MM: Final = {"PIP": 5.2, "IP1": 6.0, "MCP": 7.2, "CMC": 4.6, "STT": 4.6, "CNL": 6.5, "RC": 9.0}
"""How far a joint reaches to either side of its middle, in an adult."""

_STEP_MM: Final = 0.2
_REACH_MM: Final = 3.4
"""The line is looked for this far from the site: a growth plate lies farther away."""
_OFF_MM: Final = 1.6
"""How far off the site it is believed to be."""
_BEND: Final = 0.35
"""What a step sideways costs, beside the depth of the valley."""
_WIDTHS_MM: Final = (0.8, 4.4)
"""Joint spaces that are believed, children's cartilage among them."""
_LEAST_DEPTH: Final = {"finger": 0.09, "wrist": 0.2}
"""A shallower valley, beside the spread of grey around the joint, is no joint space that a reader would measure; in
the wrist, where bones lie over each other, less than this may be any edge."""


@dataclass(frozen=True, slots=True, eq=False)
class JointFrame:
    """A joint's own coordinates on a film. ``axis`` points to the finger tip; ``mm``: pixels in one mm."""

    centre: Point
    axis: Point
    mm: float

    @property
    def beside(self) -> Point:
        """The direction across the bones."""
        return np.array([-self.axis[1], self.axis[0]])

    def film(self, along: Point, across: Point) -> tuple[Point, Point]:
        """(x, y) in pixels of places in mm."""
        x = self.centre[0] + self.mm * (along * self.axis[0] + across * self.beside[0])
        y = self.centre[1] + self.mm * (along * self.axis[1] + across * self.beside[1])
        return np.asarray(x), np.asarray(y)

    def local(self, x: Point, y: Point) -> tuple[Point, Point]:
        """(along, across) in mm of places in pixels."""
        dx, dy = (x - self.centre[0]) / self.mm, (y - self.centre[1]) / self.mm
        return dx * self.axis[0] + dy * self.axis[1], dx * self.beside[0] + dy * self.beside[1]

    def patch(self, shape: tuple[int, ...], reach_mm: float) -> tuple[tuple[slice, slice], Point, Point]:
        """The part of a film of ``shape`` within reach of the centre, with (along, across) of its pixels in mm."""
        reach = int(np.ceil(reach_mm * self.mm))
        column, row = (int(np.clip(round(float(v)), 0, n - 1)) for v, n in zip(self.centre, shape[1::-1], strict=True))
        part = slice(max(0, row - reach), row + reach + 1), slice(max(0, column - reach), column + reach + 1)
        rows, columns = (np.arange(*one.indices(n), dtype=np.float64) for one, n in zip(part, shape, strict=True))
        return part, *self.local(*np.meshgrid(columns, rows))

    def sampled(self, pixels: Grey, along: Point, across: Point) -> Grey:
        """The film at places in mm."""
        x, y = self.film(along, across)
        return np.asarray(map_coordinates(pixels, [y, x], order=1, mode="nearest"), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class JointLine:
    """``along`` (n,): where the middle of the space lies at each of ``across`` (n,); ``width`` in mm."""

    frame: JointFrame
    across: Point
    along: Point
    width: float
    half_width: float
    depth: float

    def middle(self, across: Point) -> Point:
        """Where the middle of the space lies, carried on straight beyond the bones."""
        return np.asarray(np.interp(across, self.across, self.along))


def frame_of_site(hand: RealHand, site: str) -> JointFrame:
    """The coordinates around a site."""
    return JointFrame(hand.centre(site), hand.axis(site), hand.mm)


def joint_line(hand: RealHand, site: str) -> JointLine | None:
    """The joint space of a site; ``None`` where the film shows none that could be measured."""
    frame = frame_of_site(hand, site)
    half = next(width for key, width in HALF_WIDTH_MM.items() if site.startswith(key))
    along = np.arange(-9.0, 9.0 + _STEP_MM / 2, _STEP_MM)
    across = np.arange(-half, half + _STEP_MM / 2, _STEP_MM)
    picture = frame.sampled(hand.pixels, *np.meshgrid(along, across, indexing="ij"))
    smooth = gaussian_filter(picture, (0.45 / _STEP_MM, 0.9 / _STEP_MM))
    valley = gaussian_filter1d(smooth, 0.35 / _STEP_MM, axis=0, order=2)
    inner = np.abs(across) < 0.8 * half
    contrast = float(np.subtract(*np.percentile(smooth[:, inner], (92, 8)))) + 1e-6
    near = np.abs(along) <= _REACH_MM
    rows = _deepest_path((valley / (valley.std() + 1e-9))[near] - (along[near, None] / _OFF_MM) ** 2 / 2)
    middle = gaussian_filter1d(along[near][rows], 0.8 / _STEP_MM, mode="nearest")
    straight = _along_the_line(smooth, along, middle)
    width, depth = _gap(straight.mean(1), along)
    least = _LEAST_DEPTH["finger" if site.startswith(("PIP", "IP", "MCP")) else "wrist"]
    if depth / contrast < least or not _WIDTHS_MM[0] <= width <= _WIDTHS_MM[1]:
        return None
    return JointLine(frame, across, middle, width, half, depth)


def _deepest_path(gain: Point) -> Point:
    """The row of every column on the path of highest gain; neighbours differ by one row at most."""
    best, came = gain[:, 0].copy(), np.zeros(gain.shape, int)
    for column in range(1, gain.shape[1]):
        ways = np.stack(
            [np.concatenate([[-np.inf], best[:-1] - _BEND]), best, np.concatenate([best[1:] - _BEND, [-np.inf]])]
        )
        choice = ways.argmax(0)
        best = ways[choice, np.arange(len(best))] + gain[:, column]
        came[:, column] = choice - 1
    rows = np.empty(gain.shape[1], int)
    rows[-1] = int(best.argmax())
    for column in range(gain.shape[1] - 1, 0, -1):
        rows[column - 1] = rows[column] + came[rows[column], column]
    return rows


def _along_the_line(picture: Grey, along: Point, middle: Point) -> Grey:
    """The picture with the joint line made straight at ``along`` = 0."""
    rows = (along[:, None] + middle[None] - along[0]) / _STEP_MM
    columns = np.broadcast_to(np.arange(picture.shape[1]), rows.shape)
    return np.asarray(map_coordinates(picture, [rows, columns], order=1, mode="nearest"), np.float32)


def _gap(profile: Point, along: Point) -> tuple[float, float]:
    """Width in mm between the steepest flanks of the valley at 0, and its depth below the lower of its banks."""
    middle = len(along) // 2
    reach = int(3.2 / _STEP_MM)
    slope = np.gradient(profile)
    left = middle - reach + int(np.argmin(slope[middle - reach : middle + 1]))
    right = middle + int(np.argmax(slope[middle : middle + reach + 1]))
    banks = profile[max(0, left - 12) : left + 1].max(), profile[right : right + 12].max()
    return (right - left) * _STEP_MM, float(min(banks) - profile[left : right + 1].min())
