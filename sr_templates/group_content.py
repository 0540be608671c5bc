"""What a measurement group says of its grades and sums.

A grade that is missing is a coded reason, never a number without a value: readers fail on those. Where a group has
several grades or sums, a modifier (PERTAINS-TO) says which one a certainty, an interval, a count or a reason is about.
Grades and probabilities stand before everything said of them, the widest sum before its parts: OHIF prints five
numbers of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreTotal
from scoring.spec import Derivation, ItemSpec, SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.content_items import code, number
from sr_templates.written_values import unit_of, written

_About = Callable[[], list[Dataset]]
_DERIVATIONS: Final[dict[Derivation, CodedConcept]] = {
    "sum": codes.TOTAL,
    "maximum": codes.MAXIMUM,
    "mean": codes.MEAN,
}


def site_content(spec: SystemSpec, site: SiteSpec, items: Sequence[ScoreItem]) -> list[Dataset]:
    """Everything said of the grades, findings and measurements of one site, or of one picture of it."""
    alone = len(site.items) == 1
    first: list[Dataset] = []
    content: list[Dataset] = []
    for item in sorted(items, key=lambda i: site.items.index(i.item)):
        item_spec = spec.item(item.item)
        about = _pertaining(item_spec.concept, needed=not alone)
        value = [] if item.value is None else [_value(item_spec, item.value, [])]
        if item_spec.scale == "grade":
            first += [] if item.grade is None else [number(item_spec.concept, item.grade, codes.SCORE)]
            content += value
        else:
            first += value
            content += [] if item.grade is None else [code(item_spec.concept, codes.PRESENCE[item.grade])]
        if item.certainty is not None:
            content.append(number(codes.CERTAINTY, float(100 * item.certainty), codes.PERCENT, children=about()))
        content += _interval(item.interval, unit_of(item_spec), about)
        if item.reason is not None:
            content.append(code(gap_concept(item_spec), item.reason, children=about()))
        if item.status != "scored":
            content.append(code(codes.ASSESSMENT_STATUS, codes.STATUSES[item.status], children=about()))
    return [*first, *content]


def sums_content(totals: Sequence[tuple[TotalSpec, ScoreTotal]]) -> list[Dataset]:
    """The sums of one group, what they rest on, or why there is none."""
    widest_first = sorted(totals, key=lambda pair: pair[0].item is not None)
    content = [part for spec, total in widest_first for part in _graded(spec, total)]
    content += [part for spec, total in totals for part in _more(spec, total)]
    return content + _shared_counts([pair for pair in totals if pair[0].derivation != "sum"])


def gap_concept(spec: ItemSpec | TotalSpec) -> CodedConcept:
    """What names the reason for which there is no number."""
    if isinstance(spec, ItemSpec):
        return codes.NOT_SCORED if spec.scale == "grade" else codes.NOT_ASSESSED
    return codes.NOT_COMPUTABLE if spec.derivation == "sum" else codes.NO_VALUE


def count_concepts(spec: TotalSpec) -> tuple[CodedConcept, CodedConcept]:
    """What names the number of readings that a total rests on, and of those that there could be."""
    if spec.derivation == "sum":
        return codes.SITES_ASSESSED, codes.SITES_PLANNED
    return codes.READINGS_USED, codes.READINGS_POSSIBLE


def _graded(spec: TotalSpec, total: ScoreTotal) -> list[Dataset]:
    """The whole number of a sum, a class or a count; the code of a category."""
    if total.grade is None:
        return []
    if spec.categories:
        return [code(spec.concept, spec.categories[total.grade - 1])]
    return [number(spec.concept, total.grade, unit_of(spec), children=_derivation(spec))]


def _more(spec: TotalSpec, total: ScoreTotal) -> list[Dataset]:
    """What is said of a sum."""
    about = _pertaining(spec.concept)
    content = [] if total.value is None else [_value(spec, total.value, _derivation(spec))]
    content += _interval(total.interval, unit_of(spec), about)
    if total.rule is not None:
        content.append(code(codes.DECIDING_RULE, total.rule, children=about()))
    if total.reason is not None:
        content.append(code(gap_concept(spec), total.reason, children=about()))
    if spec.derivation == "sum":
        counts = zip(count_concepts(spec), (total.assessed, total.planned), strict=True)
        content += [number(name, count, codes.COUNT, children=about()) for name, count in counts]
    return content


def _shared_counts(totals: Sequence[tuple[TotalSpec, ScoreTotal]]) -> list[Dataset]:
    """The counts of everything that is no sum: those that are alike are said once, and to what they pertain."""
    alike: dict[tuple[int, int], list[TotalSpec]] = {}
    for spec, total in totals:
        alike.setdefault((total.assessed, total.planned), []).append(spec)
    return [
        number(name, count, codes.READINGS, children=_pertaining(*(one.concept for one in whose))())
        for counts, whose in alike.items()
        for name, count in zip(count_concepts(whose[0]), counts, strict=True)
    ]


def _value(spec: ItemSpec | TotalSpec, value: float, modifiers: list[Dataset]) -> Dataset:
    unit = unit_of(spec)
    return number(spec.value_concept, written(value, unit), unit, children=modifiers)


def _interval(interval: tuple[float, float] | None, unit: CodedConcept, about: _About) -> list[Dataset]:
    if interval is None:
        return []
    names = (codes.INTERVAL_LOWER, codes.INTERVAL_UPPER)
    ends = zip(names, interval, strict=True)
    return [number(name, written(end, unit), unit, children=about()) for name, end in ends]


def _pertaining(*concepts: CodedConcept, needed: bool = True) -> _About:
    """Makes the modifiers afresh each time: a dataset must not be an item of two sequences."""
    return lambda: [code(codes.PERTAINS_TO, one, "HAS CONCEPT MOD") for one in concepts if needed]


def _derivation(spec: TotalSpec) -> list[Dataset]:
    """Says that the number is a sum, a maximum or a mean; a class and a count are called what they are."""
    how = None if spec.cut_offs else _DERIVATIONS.get(spec.derivation)
    return [code(codes.DERIVATION, how, "HAS CONCEPT MOD")] if how else []
