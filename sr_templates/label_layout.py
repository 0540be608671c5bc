"""Where labels go: beside a box that stands alone; in columns left and right of a crowd of boxes, such as the wrist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scoring.result import Box

Line = tuple[float, float, float, float]
Size = tuple[float, float]

_NEAR: Final = 0.25
"""Boxes closer than this share of their width belong together."""
_CROWD: Final = 4
"""So many boxes together are a crowd: two neighbours still have room for their labels beside them."""


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Where a label was put; ``leader`` is the line from the label to the middle of its box, None when beside it."""

    box: Box
    leader: Line | None


def crowds(boxes: Sequence[Box]) -> list[list[int]]:
    """Indices of boxes that lie close together, directly or through others."""
    reach = [(x1 - x0) * _NEAR / 2 for x0, _, x1, _ in boxes]
    grown = [(x0 - r, y0 - r, x1 + r, y1 + r) for (x0, y0, x1, y1), r in zip(boxes, reach, strict=True)]
    left, found = set(range(len(boxes))), []
    while left:
        crowd, edge = [], [min(left)]
        while edge:
            index = edge.pop()
            if index in left:
                left.discard(index)
                crowd.append(index)
                edge += [n for n in left if overlap(grown[index], grown[n]) > 0]
        if len(crowd) >= _CROWD:
            found.append(sorted(crowd))
    return found


def place_labels(boxes: Sequence[Box], sizes: Sequence[Size], canvas: Box, gap: float) -> list[PlacedLabel]:
    """Place one label of the given width and height for each box, inside ``canvas``."""
    placed: dict[int, PlacedLabel] = {}
    for crowd in crowds(boxes):
        placed |= _columns(crowd, boxes, sizes, canvas, gap)
    for index in range(len(boxes)):
        if index not in placed:
            taken = [label.box for label in placed.values()]
            at = _beside(boxes[index], sizes[index], [*boxes], taken, canvas, gap)
            placed[index] = PlacedLabel(at, _leader(at, boxes[index], gap))
    return [placed[n] for n in range(len(boxes))]


def _columns(
    crowd: Sequence[int], boxes: Sequence[Box], sizes: Sequence[Size], canvas: Box, gap: float
) -> dict[int, PlacedLabel]:
    """Half of the crowd to the left of it, half to the right, each column in the order of its boxes from the top."""
    by_x = sorted(crowd, key=lambda n: (boxes[n][0] + boxes[n][2], n))
    half = (len(by_x) + 1) // 2
    edges = (min(boxes[n][0] for n in crowd) - 3 * gap, max(boxes[n][2] for n in crowd) + 3 * gap)
    placed = {}
    for members, to_left in ((by_x[:half], True), (by_x[half:], False)):
        members = sorted(members, key=lambda n: (boxes[n][1] + boxes[n][3], n))
        tops = _spread([_middle(boxes[n])[1] - sizes[n][1] / 2 for n in members], sizes[crowd[0]][1] + gap, canvas)
        for index, top in zip(members, tops, strict=True):
            width, height = sizes[index]
            x = max(canvas[0], edges[0] - width) if to_left else min(canvas[2] - width, edges[1])
            at = (x, top, x + width, top + height)
            inner = x + width if to_left else x
            placed[index] = PlacedLabel(at, (inner, top + height / 2, *_middle(boxes[index])))
    return placed


def _spread(wanted: Sequence[float], step: float, canvas: Box) -> list[float]:
    """Positions at least ``step`` apart, as near to the wanted ones as their common shift allows."""
    spread: list[float] = []
    for top in wanted:
        spread.append(max(top, spread[-1] + step) if spread else top)
    excess = [is_at - was for is_at, was in zip(spread, wanted, strict=True)]
    shift = max(excess) / 2
    shift = max(shift, spread[-1] + step - canvas[3])
    shift = min(shift, spread[0] - canvas[1])
    return [top - shift for top in spread]


def _beside(box: Box, size: Size, boxes: Sequence[Box], taken: Sequence[Box], canvas: Box, gap: float) -> Box:
    """The first place around the box that is free, else the one that covers least."""
    best, least = None, float("inf")
    for at in _around(box, size, gap):
        outside = area(at) - overlap(at, canvas)
        cost = 50 * outside + 40 * sum(overlap(at, t) for t in taken) + 3 * sum(overlap(at, b) for b in boxes)
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
