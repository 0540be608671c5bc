"""Where labels go: beside a box that stands alone; in columns left and right of a crowd of boxes, such as the wrist."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scoring.result import Box

Line = tuple[float, float, float, float]
Size = tuple[float, float]
Place = tuple[float, float]
"""Of a column: how far out, in widths of a label; how far down, in heights."""

_REACH_HEIGHTS: Final = 2.5
_REACH_WIDTHS: Final = 0.75
"""Boxes whose middles are closer than so many label heights, or so much of their own width, belong together."""
_ONE_SIDED: Final = 3.0
"""What a single column costs against two, in areas of a label: its lines are longer and cross more."""
_FURTHER_OUT: Final = (0.0, 0.6, 1.2)
"""How far a column may stand off its crowd, in widths of its widest label."""
_FAR: Final = 0.5
"""What each width further out costs, in areas of a label."""
_SHIFTED: Final = (0.0, -1.2, 1.2, -2.4, 2.4)
"""How far a column may stand above or below its crowd, in heights of a label."""
_OFF: Final = 0.35
"""What each height above or below costs, in areas of a label."""
_LINE: Final = 1.15
"""From label to label in a column, in heights of a label."""
_CROWD: Final = 3
"""So many boxes together are a crowd: two neighbours still have room for their labels beside them."""


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Where a label was put; ``leader`` is the line from the label to the middle of its box, None when beside it."""

    box: Box
    leader: Line | None


def crowds(boxes: Sequence[Box], label_height: float) -> list[list[int]]:
    """Indices of boxes that lie too close together, directly or through others, for labels beside them."""
    middles = [_middle(box) for box in boxes]
    left, found = set(range(len(boxes))), []
    while left:
        crowd, edge = [], [min(left)]
        while edge:
            index = edge.pop()
            if index in left:
                left.discard(index)
                crowd.append(index)
                reach = max(_REACH_HEIGHTS * label_height, _REACH_WIDTHS * (boxes[index][2] - boxes[index][0]))
                edge += [n for n in left if math.dist(middles[index], middles[n]) < reach]
        if len(crowd) >= _CROWD:
            found.append(crowd)
    found = _merged(found, boxes)
    lonely = set(range(len(boxes))) - {n for crowd in found for n in crowd}
    for crowd in found:
        x0, y0, x1, y1 = _around_all(crowd, boxes)
        room = (x0 - label_height, y0, x1 + label_height, y1)
        joining = {n for n in lonely if overlap(boxes[n], room) > 0}
        crowd += joining
        lonely -= joining
    return [sorted(crowd) for crowd in found]


def _merged(found: list[list[int]], boxes: Sequence[Box]) -> list[list[int]]:
    """Crowds that reach into each other are one."""
    merged: list[list[int]] = []
    for crowd in found:
        for other in [m for m in merged if overlap(_around_all(m, boxes), _around_all(crowd, boxes)) > 0]:
            merged.remove(other)
            crowd = crowd + other
        merged.append(crowd)
    return merged


def _around_all(members: Sequence[int], boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*(boxes[n] for n in members), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def place_labels(
    boxes: Sequence[Box],
    sizes: Sequence[Size],
    found: Sequence[Sequence[int]],
    canvas: Box,
    gap: float,
    occupied: Sequence[Box] = (),
) -> list[PlacedLabel]:
    """Place one label of the given width and height for each box, inside ``canvas`` and off what is ``occupied``.

    ``found``: the crowds among the boxes; their labels stand in columns, each tied to its box by a line.
    """
    placed = _place_crowds(found, boxes, sizes, canvas, gap, occupied)
    for index in range(len(boxes)):
        if index not in placed:
            taken = [*occupied, *(label.box for label in placed.values())]
            others = [box for n, box in enumerate(boxes) if n != index]
            at = _beside(boxes[index], sizes[index], others, taken, canvas, gap)
            placed[index] = PlacedLabel(at, _leader(at, boxes[index], gap))
    return [placed[n] for n in range(len(boxes))]


def _place_crowds(
    found: Sequence[Sequence[int]],
    boxes: Sequence[Box],
    sizes: Sequence[Size],
    canvas: Box,
    gap: float,
    occupied: Sequence[Box],
) -> dict[int, PlacedLabel]:
    """Each crowd beside the others, twice round so that the first knows the last; who still collides becomes one."""
    placed: dict[int, PlacedLabel] = {}
    for crowd in [*found, *found] if len(found) > 1 else found:
        taken = [*occupied, *(label.box for index, label in placed.items() if index not in crowd)]
        placed |= _columns(crowd, boxes, sizes, canvas, gap, taken)
    for one, other in itertools.combinations(found, 2):
        if any(overlap(placed[m].box, placed[n].box) > 0 for m in one for n in other):
            rest = [crowd for crowd in found if crowd not in (one, other)]
            return _place_crowds([*rest, sorted([*one, *other])], boxes, sizes, canvas, gap, occupied)
    return placed


def _columns(
    crowd: Sequence[int], boxes: Sequence[Box], sizes: Sequence[Size], canvas: Box, gap: float, taken: Sequence[Box]
) -> dict[int, PlacedLabel]:
    """Half of the crowd to the left of it, half to the right; elsewhere where that covers something else."""
    by_x = sorted(crowd, key=lambda n: (boxes[n][0] + boxes[n][2], n))
    others = [box for n, box in enumerate(boxes) if n not in crowd]
    label = sum(width * height for width, height in (sizes[n] for n in crowd)) / len(crowd)
    wide, high = max(sizes[n][0] for n in crowd), max(sizes[n][1] for n in crowd)
    best: dict[int, PlacedLabel] = {}
    least = float("inf")
    for strain, to_left, left, right in _splits(len(by_x)):
        if strain * label >= least:  # they come in the order of their strain: none that follows can be better
            break
        away, down = zip(*((2 * gap + wide * out, high * shift) for out, shift in (left, right)), strict=True)
        placed = {
            **_column(by_x[:to_left], True, crowd, boxes, sizes, canvas, away[0], down[0]),
            **_column(by_x[to_left:], False, crowd, boxes, sizes, canvas, away[1], down[1]),
        }
        cost = strain * label
        cost += 10 * sum(overlap(put.box, other) for put in placed.values() for other in taken)
        cost += 10 * sum(area(put.box) - overlap(put.box, canvas) for put in placed.values())
        cost += 3 * sum(overlap(put.box, box) for put in placed.values() for box in others)
        if cost < least:
            best, least = placed, cost
    return best


@lru_cache(maxsize=32)
def _splits(members: int) -> list[tuple[float, int, Place, Place]]:
    """Every way to stand in columns, the least strained first: strain, how many left, place of either column."""
    halves = (((members + 1) // 2, 0.0), (members, _ONE_SIDED), (0, _ONE_SIDED))
    places = list(itertools.product(_FURTHER_OUT, _SHIFTED))
    return sorted(
        (one_sided + _FAR * (left[0] + right[0]) + _OFF * (abs(left[1]) + abs(right[1])), to_left, left, right)
        for to_left, one_sided in halves
        for left, right in itertools.product(places, places)
    )


def _column(
    members: Sequence[int],
    to_left: bool,
    crowd: Sequence[int],
    boxes: Sequence[Box],
    sizes: Sequence[Size],
    canvas: Box,
    away: float,
    down: float,
) -> dict[int, PlacedLabel]:
    """Labels of some of a crowd, ``away`` from it and so far ``down``, in the order of their boxes from the top."""
    if not members:
        return {}
    left, _, right, _ = _around_all(crowd, boxes)
    members = sorted(members, key=lambda n: (boxes[n][1] + boxes[n][3], n))
    wanted = [_middle(boxes[n])[1] - sizes[n][1] / 2 + down for n in members]
    tops = _spread(wanted, [sizes[n][1] * _LINE for n in members], canvas)
    placed = {}
    for index, top in zip(members, tops, strict=True):
        width, height = sizes[index]
        x = max(canvas[0], left - away - width) if to_left else min(canvas[2] - width, right + away)
        inner = x + width if to_left else x
        placed[index] = PlacedLabel(
            (x, top, x + width, top + height), (inner, top + height / 2, *_middle(boxes[index]))
        )
    return placed


def _spread(wanted: Sequence[float], steps: Sequence[float], canvas: Box) -> list[float]:
    """Positions at least their ``steps`` apart, as near to the wanted ones as their common shift allows."""
    spread: list[float] = []
    for number, top in enumerate(wanted):
        spread.append(max(top, spread[-1] + steps[number - 1]) if spread else top)
    excess = [is_at - was for is_at, was in zip(spread, wanted, strict=True)]
    shift = max(excess) / 2
    shift = max(shift, spread[-1] + steps[-1] - canvas[3])
    shift = min(shift, spread[0] - canvas[1])
    return [top - shift for top in spread]


def _beside(box: Box, size: Size, others: Sequence[Box], taken: Sequence[Box], canvas: Box, gap: float) -> Box:
    """The first place around the box that is free, else the one that covers least; away from the boxes of others."""
    best, least = None, float("inf")
    for at in _around(box, size, gap):
        near = (at[0] - gap, at[1] - gap, at[2] + gap, at[3] + gap)
        cost = 50 * (area(at) - overlap(at, canvas)) + 40 * sum(overlap(at, t) for t in taken)
        cost += 3 * sum(overlap(at, b) for b in (*others, box)) + sum(overlap(near, b) for b in others)
        if cost < least:
            best, least = at, cost
        if cost == 0:
            break
    assert best is not None
    return best


def _around(box: Box, size: Size, gap: float) -> Iterator[Box]:
    width, height = size
    x0, y0, x1, y1 = box
    middle_x, middle_y = (x0 + x1 - width) / 2, (y0 + y1 - height) / 2
    for step in range(12):
        away = gap + step * height * 0.6
        for y in (middle_y, y0, y1 - height, middle_y - away, middle_y + away):
            for x in (x1 + away, x0 - width - away):
                yield x, y, x + width, y + height
        for y in (y0 - height - away, y1 + away):
            for x in (middle_x, x0 - width / 2, x1 - width / 2):
                yield x, y, x + width, y + height


def _leader(at: Box, box: Box, gap: float) -> Line | None:
    across = max(box[0] - at[2], at[0] - box[2], 0)
    down = max(box[1] - at[3], at[1] - box[3], 0)
    if max(across, down) <= 1.5 * gap:
        return None
    x, y = _middle(box)
    return min(max(x, at[0]), at[2]), min(max(y, at[1]), at[3]), x, y


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def area(box: Box) -> float:
    """In square pixels."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(one: Box, other: Box) -> float:
    """Area that two boxes share."""
    x = min(one[2], other[2]) - max(one[0], other[0])
    y = min(one[3], other[3]) - max(one[1], other[1])
    return x * y if x > 0 and y > 0 else 0.0
