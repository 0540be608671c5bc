"""What is marked on a picture of the film: for every graded site its box, its words, and how damaged it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.result import Box, ScoreItem, ScoreResult, Side
from scoring.spec import SystemSpec


@dataclass(frozen=True, slots=True)
class SiteMark:
    """One site of one side. ``share``: its worst grade as a share of that scale; None when nothing was graded."""

    side: Side | None
    name: str
    """As the field abbreviates it: ``MCP2``."""
    grades: str
    """``E2 N1``; a dash for what was not graded."""
    box: Box
    """On the picture, in its pixels."""
    share: float | None


def site_marks(result: ScoreResult, spec: SystemSpec, image: str, scale: float) -> list[SiteMark]:
    """Every site with a box of its own on this image; ``scale``: picture pixels for one pixel of the source.

    A site that was looked for in the whole hand has the hand's box: it is in the table, not on the picture.
    """
    by_site: dict[tuple[Side | None, str], list[ScoreItem]] = {}
    for item in result.items:
        if item.image == image and item.region is not None:
            by_site.setdefault((item.side, item.site), []).append(item)
    hands = {hand.box for hand in result.hands}
    letters = item_letters(spec)
    return [
        SiteMark(side, site_name(site), _grades(spec, site, items, letters), scaled(box, scale), _share(spec, items))
        for (side, site), items in by_site.items()
        if (box := items[0].region) is not None and box not in hands
    ]


def item_letters(spec: SystemSpec) -> dict[str, str]:
    """For each item the fewest first letters of its label that no other item has; none where there is one item."""
    labels = {item.key: item.label for item in spec.items}
    if len(labels) == 1:
        return dict.fromkeys(labels, "")
    letters = {}
    for key, label in labels.items():
        others = [other for known, other in labels.items() if known != key]
        needed = (n for n in range(1, len(label)) if not any(o[:n].lower() == label[:n].lower() for o in others))
        letters[key] = label[: next(needed, len(label))]
    return letters


def site_name(key: str) -> str:
    """``MCP2`` and ``STT`` as they are: abbreviations; ``SCAPHOID``, a word, as ``Scaphoid``."""
    abbreviation = len(key) <= 3 or any(sign.isdigit() for sign in key)
    return key if abbreviation else key.replace("_", " ").capitalize()


def scaled(box: Box, scale: float) -> Box:
    """A box of the source on the picture; both count from the middle of the first pixel."""
    x0, y0, x1, y1 = ((v + 0.5) * scale - 0.5 for v in box)
    return x0, y0, x1, y1


def _grades(spec: SystemSpec, site: str, items: Sequence[ScoreItem], letters: Mapping[str, str]) -> str:
    order = spec.site(site).items
    return " ".join(
        f"{letters[item.item]}{'–' if item.grade is None else item.grade}"
        for item in sorted(items, key=lambda i: order.index(i.item))
    )


def _share(spec: SystemSpec, items: Sequence[ScoreItem]) -> float | None:
    shares = [item.grade / spec.item(item.item).highest for item in items if item.grade is not None]
    return max(shares) if shares else None
