"""A score with everything that an auditor asks about it: frozen, written to JSON once, read back equal.

Every report and picture is written from a stored ``ScoreResult``; its ``digest`` names it for ever.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from scoring.coded_concept import CodedConcept
from scoring.errors import ResultError
from scoring.frozen_json import from_json, to_json

SCHEMA_VERSIONS: Final = (2, 3, 4, 5)
"""Which are read. A result is stored by the lowest that can say it, so that what earlier versions stored keeps its
digest: 3 only with second opinions, 4 only with numbered pictures, marks or a rule that decided, 5 only with a trial's
protocol."""

Side = Literal["L", "R"]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the source image, 0-based."""

ItemStatus = Literal["scored", "not_imaged", "not_assessable", "surgically_altered", "reader_declined"]
Origin = Literal["model", "human", "rule", "prefill_confirmed"]


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One thing graded at one site, or the coded reason for which it has no grade (then every number is None)."""

    site: str
    item: str
    status: ItemStatus
    side: Side | None = None
    value: float | None = None
    """Expected value of the grade under the model (real number), or what a person entered."""
    grade: int | None = None
    probabilities: tuple[float, ...] = ()
    """Probability of each grade, from 0 upwards; empty where a person decided."""
    certainty: float | None = None
    """Probability of the given grade, 0..1."""
    interval: tuple[float, float] | None = None
    reason: CodedConcept | None = None
    image: str | None = None
    """SOP Instance UID of the image it was read from; None when the site was in no image."""
    region: Box | None = None
    """What was looked at on that image: the site's box, else the hand's."""
    origin: Origin = "model"
    picture: int | None = None
    """Which of several pictures of the site it was read from, from 1; None where a site is read once."""

    @property
    def key(self) -> str:
        """``R.MCP2.erosion``, ``R.RING.1.giant``: unique within a result."""
        number = None if self.picture is None else str(self.picture)
        return ".".join(part for part in (self.side, self.site, number, self.item) if part)


@dataclass(frozen=True, slots=True)
class ScoreTotal:
    """A sum, mean, count or category over items; ``reason`` says why there is no number, or None."""

    key: str
    side: Side | None
    value: float | None
    grade: int | None
    assessed: int
    planned: int
    highest: float
    reason: CodedConcept | None = None
    interval: tuple[float, float] | None = None
    rule: CodedConcept | None = None
    """Of a category: the rule that decided it."""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Where the network looked on one image. ``array`` is a uint8 grid stretched over the whole source image."""

    image: str
    array: str
    """SHA-256 of the stored array (``scoring.stored_array``)."""
    method: str
    about: str
    """What is explained, in words of the field: ``expected erosion and narrowing grades``."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Things found and measured on one image, to be drawn on it: a float32 row (x, y, size) for each."""

    image: str
    array: str
    """SHA-256 of the stored array (``scoring.stored_array``): x and y in pixels of the source image."""
    about: str
    """What the marks are, and of what the size is: ``capillary loops; apical diameter in um``."""


@dataclass(frozen=True, slots=True)
class HandRegion:
    """A hand that was found on an image: its side, its box, and whether the header says another side."""

    image: str
    side: Side
    box: Box
    side_certainty: float
    header_disagrees: bool = False


@dataclass(frozen=True, slots=True)
class ImageUse:
    """One image of the study and what became of it: scored, or left out by a named rule."""

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    content_sha256: str
    rows: int
    columns: int
    used: bool
    rule: str
    """Key of the rule that chose it or left it out, as ``docs/routing.md`` lists them."""
    explanation: str


@dataclass(frozen=True, slots=True)
class WeightUse:
    """One weight file that took part, copied from its record in weights.toml."""

    role: str
    file: str
    sha256: str
    licence: str
    learnt_from: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class ProtocolUse:
    """The trial's protocol that ruled a result: its name, and the SHA-256 of the file that says what it asks."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PriorObject:
    """One DICOM object that was written from an earlier result, as later documents refer to it."""

    role: str
    """What it is: ``report``, ``heatmap``, ``report_page`` …, as ``sr_templates.result_objects`` names the roles."""
    form: str
    """The document form of a report; empty for what does not depend on the form."""
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True)
class PriorResult:
    """An earlier result and the objects by which the archives know it: a predecessor, or the baseline visit."""

    digest: str
    study_instance_uid: str
    scored_at: str
    objects: tuple[PriorObject, ...]


@dataclass(frozen=True, slots=True)
class ComparedTotal:
    """What another system says of one of our sums, both read from the same images."""

    key: str
    """Of our total."""
    value: float
    """The other's expected value."""
    interval: tuple[float, float]
    """Around the other's value."""
    beyond: bool
    """The two values are further apart than both intervals together explain."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The result of another system on the same images that stood when this one was made, and how far both agree."""

    system: str
    digest: str
    scored_at: str
    verdict: CodedConcept
    """``scoring.second_opinion.AGREES``, or ``DIFFERS`` when any of the totals is beyond: a reader must look."""
    totals: tuple[ComparedTotal, ...]


@dataclass(frozen=True, slots=True)
class NotEvaluable:
    """The whole study has no score, and why: a result that is written, sent and counted."""

    reason: CodedConcept
    explanation: str


@dataclass(frozen=True, slots=True)
class Engine:
    """What computed it: enough to say whether two runs must agree to the last bit."""

    software: str
    libraries: tuple[str, ...]
    device: str


@dataclass(frozen=True)
class ScoreResult:
    """What one system says about one study, once and for ever."""

    system: str
    system_version: str
    kind: Literal["network", "rule", "form"]
    preprocessing_version: str
    weights: tuple[WeightUse, ...]
    weights_digest: str
    """SHA-256 over code version, spec and every weight file used: the identity of "these weights"."""
    statement: str
    """What must be said wherever this result is shown, taken from the weights' record."""
    engine: Engine
    study_instance_uid: str
    images: tuple[ImageUse, ...]
    items: tuple[ScoreItem, ...]
    totals: tuple[ScoreTotal, ...]
    missing_site_rule: str
    quality: CodedConcept
    scored_at: str
    """UTC, ISO 8601 with whole seconds: the date of every object written from this result."""
    hands: tuple[HandRegion, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()
    notes: tuple[str, ...] = ()
    not_evaluable: NotEvaluable | None = None
    forced: bool = False
    """The study was closed by the longest wait, not by quiet: images may be missing."""
    predecessor: PriorResult | None = None
    """The result that this one replaces."""
    withdraws: bool = False
    """This result takes its predecessor back: a person found it wrong. It has no scores; ``not_evaluable`` says why."""
    baseline: PriorResult | None = None
    """The first visit of the same subject with a result of the same system; None at that visit itself."""
    second_opinions: tuple[SecondOpinion, ...] = ()
    """Of other systems whose totals measure the same; empty where none had a result to be compared with."""
    marks: tuple[Marks, ...] = ()
    protocol: ProtocolUse | None = None
    """Of a trial, where one was set and rules this system; the notes say what it asks."""

    @property
    def schema_version(self) -> int:
        """Of the stored form: see ``SCHEMA_VERSIONS``."""
        if self.protocol:
            return 5
        if self.marks or any(i.picture is not None for i in self.items) or any(t.rule for t in self.totals):
            return 4
        return 3 if self.second_opinions else 2

    @property
    def arrays(self) -> tuple[str, ...]:
        """SHA-256 of every stored array that its pictures are drawn from."""
        return (*(h.array for h in self.heatmaps), *(m.array for m in self.marks))

    @property
    def drawn_on(self) -> frozenset[str]:
        """SOP Instance UIDs of the images whose pixels its pictures need."""
        numbered = {item.image for item in self.items if item.picture is not None and item.image is not None}
        return frozenset({h.image for h in self.heatmaps} | {m.image for m in self.marks} | numbered)

    @property
    def demonstration(self) -> bool:
        """True when any weight that took part is for demonstration only."""
        return any(w.demonstration for w in self.weights)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: the name of this result, from which its objects' UIDs derive."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, numbers as Python writes them."""
        content = _without_later_keys(to_json(self), self.schema_version) | {"schema_version": self.schema_version}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> ScoreResult:
        """Read what ``to_json`` wrote; ResultError says what does not fit."""
        try:
            raw: Any = json.loads(text)
        except json.JSONDecodeError as error:
            raise ResultError(f"A stored result is not JSON (line {error.lineno}); restore it from a backup.") from None
        schema = raw.pop("schema_version", None) if isinstance(raw, dict) else None
        if schema not in SCHEMA_VERSIONS:
            raise ResultError(
                f"This result was stored by another version (schema {schema}; this software reads "
                f"{', '.join(map(str, SCHEMA_VERSIONS))}). What was written from it stays and is still delivered; "
                "scoring the study again gives a new result."
            )
        result = from_json(ScoreResult, _with_later_keys(raw, schema))
        if result.schema_version != schema:
            raise ResultError(f"A stored result says schema {schema} and is of another; restore it from a backup.")
        return result

    def item(self, site: str, item: str, side: Side | None = None, picture: int | None = None) -> ScoreItem:
        """The item of a site, or of one of its pictures; KeyError when the result has none."""
        for found in self.items:
            if (found.site, found.item, found.side, found.picture) == (site, item, side, picture):
                return found
        raise KeyError((side, site, picture, item))

    def succeeding(self, predecessor: PriorResult) -> ScoreResult:
        """The same result, naming the one that it replaces."""
        return replace(self, predecessor=predecessor)

    def as_prior(self, objects: tuple[PriorObject, ...]) -> PriorResult:
        """How a later result refers to this one; ``objects``: those that were written from it."""
        return PriorResult(self.digest, self.study_instance_uid, self.scored_at, objects)


_LATER_KEYS: Final[tuple[tuple[int, str | None, str, Any], ...]] = (
    (3, None, "second_opinions", []),
    (4, None, "marks", []),
    (4, "items", "picture", None),
    (4, "totals", "rule", None),
    (5, None, "protocol", None),
)
"""What stored forms lack: the first schema that has the key, the list whose parts hold it (None: the result itself),
the key, and what its absence means."""


def _without_later_keys(content: dict[str, Any], schema: int) -> dict[str, Any]:
    for since, whole, key, _ in _LATER_KEYS:
        if schema < since:
            for part in [content] if whole is None else content[whole]:
                del part[key]
    return content


def _with_later_keys(raw: dict[str, Any], schema: int) -> dict[str, Any]:
    for since, whole, key, absent in _LATER_KEYS:
        if schema < since:
            parts = [raw] if whole is None else raw.get(whole)
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict):
                    part.setdefault(key, absent)
    return raw
