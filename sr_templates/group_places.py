"""Which grades and sums stand together: those of one site of one side, or of one picture of it."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.result import ScoreItem, ScoreTotal, Side
from scoring.spec import SystemSpec, TotalSpec

ItemPlace = tuple[Side | None, str, int | None]
"""Side, site, picture."""
TotalPlace = tuple[Side | None, str | None]
"""Side and site; None for all of them."""


def items_by_place(items: Iterable[ScoreItem], spec: SystemSpec) -> dict[ItemPlace, list[ScoreItem]]:
    """The grades of every place, by side, site and picture in the order of the spec."""
    found: dict[ItemPlace, list[ScoreItem]] = {}
    for item in items:
        found.setdefault((item.side, item.site, item.picture), []).append(item)
    sides, sites = [*spec.sides, None], [site.key for site in spec.sites]
    order = sorted(found, key=lambda place: (sides.index(place[0]), sites.index(place[1]), place[2] or 0))
    return {place: found[place] for place in order}


def totals_by_place(
    totals: Iterable[ScoreTotal], spec: SystemSpec
) -> dict[TotalPlace, list[tuple[TotalSpec, ScoreTotal]]]:
    """The sums of everything, of each side, then of each site, in the order of the spec; what is missing is left out.

    Everything together is always there, if only with nothing: a study that is not evaluable says so in its place.
    """
    said = {total.key: total for total in totals}
    found: dict[TotalPlace, list[tuple[TotalSpec, ScoreTotal]]] = {(None, None): []}
    found |= {(side, None): [] for side in spec.sides}
    for total in spec.totals:
        if total.key in said:
            found.setdefault((total.side, total.site), []).append((total, said[total.key]))
    return found
