"""Into which parts the rows of one item are divided: where a system fails is lost in the mean of all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from scoring.evaluation.comparison import Compared, Scale


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part: by what it was divided, its name, its rows."""

    by: str
    name: str
    rows: tuple[Compared, ...]


BAND: Final = "score band"
"""What readers said decides, so that all truths of a part are alike."""
_BY: Final[dict[str, Callable[[Compared], str]]] = {
    "side": lambda row: row.side,
    "joint group": lambda row: row.group,
    "site": lambda row: row.site,
    "centre": lambda row: row.centre,
    "device": lambda row: row.device,
}


def strata(rows: Sequence[Compared], scale: Scale) -> Iterator[Stratum]:
    """Parts by side, joint group, site, centre and device where there is more than one, and by what readers said."""
    for by, name_of in _BY.items():
        yield from _parts(by, rows, name_of, name_of)
    graded = [row for row in rows if row.truth is not None]
    yield from _parts(BAND, graded, lambda row: _band(row.truth or 0.0, scale), lambda row: row.truth or 0.0)


def _parts(
    by: str, rows: Sequence[Compared], name_of: Callable[[Compared], str], order_of: Callable[[Compared], str | float]
) -> Iterator[Stratum]:
    """Rows of one name together, the parts in the order of their rows; none where all rows have one name."""
    parts: dict[str, list[Compared]] = {}
    for row in rows:
        parts.setdefault(name_of(row), []).append(row)
    if len(parts) > 1:
        for name, part in sorted(parts.items(), key=lambda found: min(map(order_of, found[1]))):
            yield Stratum(by, name or "not said", tuple(part))


def _band(truth: float, scale: Scale) -> str:
    if not scale.bands:
        return f"grade {floor(truth + 0.5)}"
    edges = (0.0, *scale.bands, scale.highest)
    at = bisect_right(scale.bands, truth)
    return f"{edges[at]:g} to {'under ' if at < len(scale.bands) else ''}{edges[at + 1]:g}"
