"""What a result says of each of several pictures of a site, in the words and colours in which pictures show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scoring.result import ScoreItem, ScoreResult, Side
from scoring.spec import SystemSpec

State = Literal["present", "picture_fault", "absent", "not_assessed"]
_SIDES: Final = {"R": "Right", "L": "Left", None: ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """One label of a picture: ``giant capillaries 97 %``, ``too blurry 93 %, please retake``."""

    words: str
    state: State


@dataclass(frozen=True, slots=True)
class PictureFindings:
    """One picture: where it belongs, what was found, what was measured (empty: nothing), why it was not read."""

    image: str
    side: Side | None
    site: str
    number: int
    name: str
    """``Right ring finger 2``."""
    labels: tuple[Finding, ...]
    measured: tuple[str, ...]
    why_not: str
    """Why something was not read, or not measured; empty where everything was."""


def picture_findings(result: ScoreResult, spec: SystemSpec) -> list[PictureFindings]:
    """Each picture that the result has items of, in their order."""
    by_image: dict[str, list[ScoreItem]] = {}
    for item in result.items:
        if item.picture is not None and item.image is not None:
            by_image.setdefault(item.image, []).append(item)
    return [_findings(spec, image, items) for image, items in by_image.items()]


def _findings(spec: SystemSpec, image: str, items: Sequence[ScoreItem]) -> PictureFindings:
    first = items[0]
    labels = [item for item in items if spec.item(item.item).expected_concept is not None]
    return PictureFindings(
        image=image,
        side=first.side,
        site=first.site,
        number=first.picture or 1,
        name=" ".join(filter(None, (_SIDES[first.side], _site_words(spec, first), str(first.picture)))),
        labels=tuple(_label(spec, item) for item in labels),
        measured=_measured(spec, items),
        why_not=next((item.reason.meaning for item in items if item.reason is not None), ""),
    )


def _site_words(spec: SystemSpec, item: ScoreItem) -> str:
    label = spec.site(item.site).label
    return label[0].lower() + label[1:] if item.side else label


def _label(spec: SystemSpec, item: ScoreItem) -> Finding:
    planned = spec.item(item.item)
    name = planned.label.lower()
    if item.status != "scored" or item.value is None:
        return Finding(name, "not_assessed")
    words = f"{name} {100 * item.value:.0f} %"
    if item.grade and planned.asks:
        return Finding(f"{words}, please {planned.asks}", "picture_fault")
    return Finding(words, "present" if item.grade else "absent")


def _measured(spec: SystemSpec, items: Sequence[ScoreItem]) -> tuple[str, ...]:
    """``density 5.2/mm (4.4 to 6.1)``, ``widest apex 63 µm (51 to 76)``."""
    said = []
    for item in items:
        planned = spec.item(item.item)
        if planned.scale == "measurement" and planned.unit is not None and item.value is not None:
            unit = planned.unit.value.replace("um", " µm")
            digits = 1 if item.value < 20 else 0
            ends = f" ({item.interval[0]:.{digits}f} to {item.interval[1]:.{digits}f})" if item.interval else ""
            said.append(f"{planned.label.lower()} {item.value:.{digits}f}{unit}{ends}")
    return tuple(said)
