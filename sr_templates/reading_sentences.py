"""What a system that numbers pictures found, in sentences: each picture, each finger, the patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import ItemStatus, ScoreItem, ScoreResult
from scoring.spec import ItemSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.group_places import items_by_place, totals_by_place
from sr_templates.reading_table import Part, amount, category_words, place_words, unit_words

_ORIGINS: Final = {"human": "entered by a person", "prefill_confirmed": "confirmed by a person"}


def picture_sentences(result: ScoreResult, spec: SystemSpec) -> list[str]:
    """One for each picture: ``Right ring finger 1 (image 5): abnormal shapes present (61 %), …, density 6.8 /mm …``."""
    number = {image.sop_instance_uid: n for n, image in enumerate(result.images, start=1)}
    sentences = []
    for (side, site, picture), items in items_by_place(result.items, spec).items():
        image = next((f" (image {number[i.image]})" for i in items if i.image), "")
        said = [f"{_label(spec.item(i.item))} {_item_words(i, spec.item(i.item))}" for i in items if i.reason is None]
        gaps: dict[tuple[ItemStatus, CodedConcept], list[str]] = {}
        for item in items:
            if item.reason is not None:
                gaps.setdefault((item.status, item.reason), []).append(_label(spec.item(item.item)))
        said += [f"{', '.join(labels)} {_gap_words(*gap)}" for gap, labels in gaps.items()]
        sentences.append(f"{place_words(spec, side, site)} {picture}{image}: {'; '.join(said)}.")
    return sentences


def summary_sentences(result: ScoreResult, spec: SystemSpec) -> list[str]:
    """The categories of the patient first, then one sentence for the patient and each finger."""
    places = {place: parts for place, parts in totals_by_place(result.totals, spec).items() if parts}
    categories = [f"{category_words(p)}." for p in places.get((None, None), ()) if p[0].categories]
    return categories + [
        f"{place_words(spec, *place)}: {'; '.join(words)}."
        for place, parts in places.items()
        if (words := _totals_words(parts))
    ]


def _item_words(item: ScoreItem, spec: ItemSpec) -> str:
    more = []
    if spec.scale == "present" and item.grade is not None:
        words = codes.PRESENCE[item.grade].meaning.lower()
        more += [] if item.value is None else [amount(item.value, spec)]
    else:
        words = "" if item.value is None else _with_unit(item.value, spec)
    if item.certainty is not None:
        more.append(f"certainty {100 * item.certainty:.0f} %")
    if item.interval is not None:
        more.append(_interval_words(item.interval, spec))
    if item.origin in _ORIGINS:
        more.append(_ORIGINS[item.origin])
    return f"{words} ({', '.join(more)})" if more else words


def _gap_words(status: ItemStatus, reason: CodedConcept) -> str:
    return f"not assessed ({codes.STATUSES[status].meaning.lower()}): {reason.meaning}"


def _totals_words(parts: Sequence[Part]) -> list[str]:
    """``giant capillaries: highest probability 84 %, pictures 6 (13 of 16 readings)``, one for each item."""
    by_item: dict[tuple[str | None, int, int], list[Part]] = {}
    for part in parts:
        spec, total = part
        if not spec.categories:
            by_item.setdefault((spec.item, total.assessed, total.planned), []).append(part)
    said = []
    for (item, assessed, planned), alike in by_item.items():
        words = ", ".join(_total_words(part, whole=item is None or len(alike) == 1) for part in alike)
        name = "" if item is None or len(alike) == 1 else f"{_label(alike[0][0]).split(', ')[0]}: "
        said.append(f"{name}{words} ({assessed} of {planned} {'readings' if item else 'planned'})")
    return said


def _total_words(part: Part, whole: bool) -> str:
    """``mean probability 47 %``; ``whole``: with the name of the item before it."""
    spec, total = part
    label = _label(spec) if whole else spec.label.split(", ")[-1]
    if total.grade is None and total.value is None:
        return f"{label} not given: {total.reason.meaning if total.reason else 'no reason given'}"
    number = str(total.grade) if total.value is None else _with_unit(total.value, spec)
    return f"{label} {number}{f' ({_interval_words(total.interval, spec)})' if total.interval else ''}"


def _label(spec: ItemSpec | TotalSpec) -> str:
    return spec.label[0].lower() + spec.label[1:]


def _with_unit(value: float, spec: ItemSpec | TotalSpec) -> str:
    return amount(value, spec) if spec.unit == codes.PERCENT else f"{amount(value, spec)} {unit_words(spec)}".rstrip()


def _interval_words(interval: tuple[float, float], spec: ItemSpec | TotalSpec) -> str:
    return f"95 % interval {amount(interval[0], spec)} to {amount(interval[1], spec)}"
