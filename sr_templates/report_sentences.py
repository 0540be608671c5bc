"""The scores in sentences, for a report that holds words alone. A zero is said as 0, a gap with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.result import ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.score_table import is_set

_SIDES: Final[dict[Side | None, str]] = {"L": "Left ", "R": "Right ", None: ""}
_ORIGINS: Final = {"human": "entered by a person", "prefill_confirmed": "confirmed by a person"}


def site_sentences(result: ScoreResult, spec: SystemSpec) -> list[str]:
    """One sentence for each site of each side: ``Right MCP 2: erosion 2 (expected 2.1, certainty 73 %), …``."""
    sentences = []
    for side in (*spec.sides, None):
        for site in spec.sites:
            items = [i for i in result.items if (i.side, i.site) == (side, site.key)]
            if items:
                sentences.append(f"{_SIDES[side]}{site.label}: {_site_words(items, site, spec)}.")
    return sentences


def sum_sentences(result: ScoreResult, spec: SystemSpec) -> list[str]:
    """One sentence for each sum, the widest first: with what it rests on, or why there is none."""
    found = {total.key: total for total in result.totals}
    widest_first = sorted(spec.totals, key=lambda total: -total.highest)
    return [f"{t.label}: {_sum_words(t, found[t.key])}." for t in widest_first if t.key in found]


def _site_words(items: Sequence[ScoreItem], site: SiteSpec, spec: SystemSpec) -> str:
    gaps = {(i.status, i.reason) for i in items}
    if len(items) == len(site.items) and len(gaps) == 1 and items[0].status != "scored":
        return _gap_words(items[0])
    ordered = sorted(items, key=lambda item: site.items.index(item.item))
    return ", ".join(f"{spec.item(i.item).label.lower()} {_item_words(i)}" for i in ordered)


def _item_words(item: ScoreItem) -> str:
    if item.status != "scored":
        return _gap_words(item)
    more = []
    if item.grade is not None and item.value is not None:
        more.append(f"expected {item.value:.1f}")
    if item.certainty is not None:
        more.append(f"certainty {100 * item.certainty:.0f} %")
    if item.interval is not None:
        more.append(_set_words(item.interval) if is_set(item) else _interval_words(item.interval))
    if item.origin in _ORIGINS:
        more.append(_ORIGINS[item.origin])
    number = f"{item.value:.1f}" if item.grade is None else str(item.grade)
    return f"{number} ({', '.join(more)})" if more else number


def _gap_words(item: ScoreItem) -> str:
    """``not scored: Joint outside the image``, with the status where the reason does not say it."""
    words = item.reason.meaning if item.reason else "no reason given"
    return f"not scored ({codes.STATUSES[item.status].meaning.lower()}): {words}"


def _sum_words(spec: TotalSpec, total: ScoreTotal) -> str:
    count = f"{total.assessed} of {total.planned} planned grades"
    if total.grade is None and total.value is None:
        return f"no sum: {total.reason.meaning if total.reason else 'no reason given'} ({count})"
    more = [f"expected {total.value:.1f}"] if total.grade is not None and total.value is not None else []
    if total.interval is not None:
        more.append(_interval_words(total.interval))
    number = f"{total.value:.1f}" if total.grade is None else str(total.grade)
    return f"{number} of at most {spec.highest} ({', '.join([*more, count])})"


def _set_words(grades: tuple[float, float]) -> str:
    lowest, highest = grades
    return f"95 % set: grade {lowest:.0f}" if lowest == highest else f"95 % set: grades {lowest:.0f} to {highest:.0f}"


def _interval_words(interval: tuple[float, float]) -> str:
    return f"95 % interval {interval[0]:.1f} to {interval[1]:.1f}"
