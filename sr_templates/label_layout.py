"""Where the labels of crowded boxes go: near their box, never over another label, if possible over no box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.result import Box


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Where a label was put; ``leader`` is the line from the label to its box, or None when it touches it."""

    box: Box
    leader: tuple[float, float, float, float] | None


def place_labels(
    boxes: Sequence[Box], sizes: Sequence[tuple[float, float]], canvas: Box, gap: float
) -> list[PlacedLabel]:
    """Place one label of the given width and height for each box, inside ``canvas``.

    Lonely boxes first, so that the labels of a crowd (the wrist) move out of the way of everything else.
    """
    crowd = [sum(_overlap(box, other) for other in boxes) - _area(box) for box in boxes]
    placed: dict[int, PlacedLabel] = {}
    for index in sorted(range(len(boxes)), key=lambda n: (crowd[n] / max(_area(boxes[n]), 1), n)):
        options = _options(boxes[index], sizes[index], gap)
        best = min(options, key=lambda at: _cost(at, index, boxes, placed, canvas, gap))
        placed[index] = PlacedLabel(best, _leader(best, boxes[index], gap))
    return [placed[n] for n in range(len(boxes))]


def is_crowded(box: Box, boxes: Sequence[Box]) -> bool:
    """True when other boxes cover much of this one, so that a label must say its name."""
    return any(other is not box and _overlap(box, other) > 0.12 * _area(box) for other in boxes)


def _options(box: Box, size: tuple[float, float], gap: float) -> list[Box]:
    width, height = size
    x0, y0, x1, y1 = box
    middle_x, middle_y = (x0 + x1 - width) / 2, (y0 + y1 - height) / 2
    options: list[Box] = []
    for step in range(16):
        away = gap + step * height * 0.6
        rows = (middle_y, y0, y1 - height, middle_y - away, middle_y + away)
        corners = [(x, y) for x in (x1 + away, x0 - width - away) for y in rows]
        corners += [(x, y) for y in (y0 - height - away, y1 + away) for x in (middle_x, x0 - width / 2, x1 - width / 2)]
        options += [(x, y, x + width, y + height) for x, y in corners]
    return options


def _cost(at: Box, index: int, boxes: Sequence[Box], placed: dict[int, PlacedLabel], canvas: Box, gap: float) -> float:
    """What is wrong with a place, in areas of the label: outside and over labels is worst, far away least."""
    area = _area(at)
    outside = area - _overlap(at, canvas)
    over_labels = sum(_overlap(_grown(at, gap), other.box) for other in placed.values())
    over_boxes = sum(_overlap(at, box) for box in boxes)
    leader = _leader(at, boxes[index], gap)
    crossings = 0
    if leader is not None:
        others = list(placed.values())
        crossings = sum(_crosses(leader, p.leader) for p in others if p.leader is not None)
        crossings += sum(_passes(leader, p.box) for p in others)
    return (50 * outside + 40 * over_labels + 3 * over_boxes) / area + 6 * crossings + _distance(at, boxes[index]) / 90


def _leader(at: Box, box: Box, gap: float) -> tuple[float, float, float, float] | None:
    if _distance(at, box) <= 1.5 * gap:
        return None
    target = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    start = (min(max(target[0], at[0]), at[2]), min(max(target[1], at[1]), at[3]))
    return (*start, *target)


def _distance(at: Box, box: Box) -> float:
    across = max(box[0] - at[2], at[0] - box[2], 0)
    down = max(box[1] - at[3], at[1] - box[3], 0)
    return float((across**2 + down**2) ** 0.5)


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _overlap(one: Box, other: Box) -> float:
    x = min(one[2], other[2]) - max(one[0], other[0])
    y = min(one[3], other[3]) - max(one[1], other[1])
    return x * y if x > 0 and y > 0 else 0.0


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _crosses(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    def side(px: float, py: float, line: tuple[float, float, float, float]) -> float:
        return (line[2] - line[0]) * (py - line[1]) - (line[3] - line[1]) * (px - line[0])

    return (
        side(one[0], one[1], other) * side(one[2], one[3], other) < 0
        and side(other[0], other[1], one) * side(other[2], other[3], one) < 0
    )


def _passes(line: tuple[float, float, float, float], box: Box) -> bool:
    x0, y0, x1, y1 = box
    return _crosses(line, (x0, y0, x1, y1)) or _crosses(line, (x0, y1, x1, y0))
