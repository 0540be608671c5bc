"""The grades of a result as a reader draws them: one line a site, the right hand on the left as one faces a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scoring.catalogue import find_spec
from scoring.errors import UnknownSystemError
from scoring.result import ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import SystemSpec
from sr_templates.colour_map import DAMAGE_COLOURS, NOT_SCORED, PICTURE_FAULT, UNDAMAGED, Colour, damage_colour
from sr_templates.score_table import set_words
from sr_templates.second_opinions import OpinionSentence, opinion_sentences

_LEVELS: Final = (UNDAMAGED, *DAMAGE_COLOURS, NOT_SCORED, PICTURE_FAULT)
NOT_SCORED_LEVEL: Final = _LEVELS.index(NOT_SCORED)
SIDE_WORDS: Final = {"R": "Right", "L": "Left", None: ""}


@dataclass(frozen=True, slots=True)
class GradeCell:
    """One box of the sheet. ``level``: 0 (no damage) to 3 (severe), as the pictures colour it."""

    item: ScoreItem
    item_label: str
    highest: int
    level: int
    note: str
    """Letter of the footnote that says why there is no grade; empty for a grade."""

    @property
    def short(self) -> str:
        """``E3``: the initial of the item and the grade, or a dash."""
        return f"{self.item_label[0].upper()}{'–' if self.item.grade is None else self.item.grade}"

    @property
    def words(self) -> str:
        """``erosion 3 of 5, expected 2.7`` or ``erosion not scored: outside the image``."""
        if self.item.grade is None:
            return f"{self.item_label} not scored: {reason_of(self.item)}"
        expected = "" if self.item.value is None else f", expected {self.item.value:.1f}"
        grades = set_words(self.item)
        held = f", 95 % set {grades}" if grades else ""
        return f"{self.item_label} {self.item.grade} of {self.highest}{expected}{held}"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One site; a cell for each column, None where the method grades nothing."""

    site: str
    label: str
    cells: tuple[GradeCell | None, ...]


@dataclass(frozen=True, slots=True)
class SheetTotal:
    """One sum under its label."""

    label: str
    total: ScoreTotal
    grand: bool


@dataclass(frozen=True, slots=True)
class GradeSheet:
    """All grades and sums of one result."""

    title: str
    sides: tuple[Side | None, ...]
    items: tuple[tuple[str, str], ...]
    """Key and label of each kind of grade: the columns under every side."""
    rows: tuple[SheetRow, ...]
    totals: tuple[SheetTotal, ...]
    notes: tuple[tuple[str, str], ...]
    """Letter and reason of each footnote."""
    opinions: tuple[OpinionSentence, ...]
    """What other systems say of the same images."""

    @property
    def grand_total(self) -> SheetTotal | None:
        """The sum over everything."""
        return next((t for t in self.totals if t.grand), None)

    @property
    def has_intervals(self) -> bool:
        """Whether any sum has one."""
        return any(t.total.interval is not None for t in self.totals)


def grade_sheet(result: ScoreResult) -> GradeSheet:
    """Draw the sheet of a result; labels come from the system's spec while it is installed, else they are the keys."""
    spec = _spec(result.system)
    items = tuple((key, _item_label(spec, key)) for key in _distinct(i.item for i in result.items))
    sides = _sides(result)
    letters = {r: chr(ord("a") + n) for n, r in enumerate(_distinct(reason_of(i) for i in result.items if _bare(i)))}
    by_place = {(i.site, i.side, i.item): i for i in result.items}
    rows = []
    for site in _distinct(i.site for i in result.items):
        found = [by_place.get((site, side, key)) for side in sides for key, _ in items]
        rows.append(
            SheetRow(site, site_label(spec, site), tuple(_cell(spec, i, letters) if i else None for i in found))
        )
    return GradeSheet(
        title=spec.title if spec else result.system,
        sides=sides,
        items=items,
        rows=tuple(rows),
        totals=_totals(spec, result.totals),
        notes=tuple((letter, reason) for reason, letter in letters.items()),
        opinions=tuple(opinion_sentences(result, spec)),
    )


def image_marks(result: ScoreResult, sop_instance_uid: str) -> list[dict[str, Any]]:
    """What the viewer draws on one image: a box for each site that was looked at, with its grades in words."""
    sheet = grade_sheet(result)
    whole = {hand.box for hand in result.hands}
    marks = []
    for row in sheet.rows:
        for side in sheet.sides:
            cells = [c for c in row.cells if c and c.item.side == side and c.item.image == sop_instance_uid]
            box = next((c.item.region for c in cells if c.item.region and c.item.region not in whole), None)
            if box is not None:
                marks.append(
                    {
                        "key": f"{side or ''}.{row.site}",
                        "label": f"{side or ''} {row.label}".strip(),
                        "words": "; ".join(c.words for c in cells),
                        "grades": " ".join(c.short for c in cells),
                        "level": max((c.level for c in cells if not c.note), default=NOT_SCORED_LEVEL),
                        "box": list(box),
                    }
                )
    return marks


def damage_level(share: float | None) -> int:
    """0 (nothing found) to 3 (severe), as pictures colour it; ``NOT_SCORED_LEVEL`` for None."""
    return colour_level(damage_colour(share))


def colour_level(colour: Colour) -> int:
    """What style sheet and viewer call a colour of ``sr_templates.colour_map``."""
    return _LEVELS.index(colour)


def reason_of(item: ScoreItem) -> str:
    """Why an item has no grade, in words."""
    return item.reason.meaning if item.reason else item.status.replace("_", " ")


def site_label(spec: SystemSpec | None, site: str) -> str:
    """The site's name as the spec writes it."""
    try:
        return spec.site(site).label if spec else site
    except KeyError:
        return site


def _cell(spec: SystemSpec | None, item: ScoreItem, letters: dict[str, str]) -> GradeCell:
    highest = _highest(spec, item)
    note = letters[reason_of(item)] if _bare(item) else ""
    share = None if item.grade is None else item.grade / highest
    return GradeCell(item, _item_label(spec, item.item).lower(), highest, damage_level(share), note)


def _totals(spec: SystemSpec | None, totals: Sequence[ScoreTotal]) -> tuple[SheetTotal, ...]:
    most = max((t.planned for t in totals), default=0)
    grand = next((t.key for t in reversed(totals) if t.planned == most), "")
    return tuple(SheetTotal(_total_label(spec, t), t, t.key == grand) for t in totals)


def _sides(result: ScoreResult) -> tuple[Side | None, ...]:
    there = {i.side for i in result.items}
    return tuple(side for side in ("R", "L", None) if side in there)


def _bare(item: ScoreItem) -> bool:
    return item.grade is None


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _spec(system: str) -> SystemSpec | None:
    try:
        return find_spec(system)
    except UnknownSystemError:
        return None


def _item_label(spec: SystemSpec | None, key: str) -> str:
    try:
        return spec.item(key).label if spec else key.capitalize()
    except KeyError:
        return key.capitalize()


def _highest(spec: SystemSpec | None, item: ScoreItem) -> int:
    try:
        if spec:
            return spec.item(item.item).highest
    except KeyError:
        pass
    return max(1, len(item.probabilities) - 1, item.grade or 0)


def _total_label(spec: SystemSpec | None, total: ScoreTotal) -> str:
    try:
        return spec.total(total.key).label if spec else total.key
    except KeyError:
        return total.key
