"""A scoring system's spec.toml: declared, never executed.

From it alone the router routes, the report is written and ``rheumascore systems`` answers, without torch.
Every fault is named by file and key, with what was found and what is allowed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast, get_args

from scoring.coded_concept import CodedConcept
from scoring.errors import SpecError
from scoring.result import ProtocolUse, ScoreItem, Side

Kind = Literal["network", "rule", "form"]
Scope = Literal["image", "side", "subject_visit"]
Scale = Literal["grade", "present", "measurement"]
"""What an item is: a whole grade 0..highest; present or absent (grade 1 or 0, ``value`` its probability); a quantity
in a unit."""
Derivation = Literal["sum", "maximum", "mean", "count", "category"]
"""How a total follows from the items. A count and a category are grades, a maximum and a mean are values."""
_Keyed = TypeVar("_Keyed", "ItemSpec", "SiteSpec", "TotalSpec", "AskedSpec")

IMAGE_ATTRIBUTES: Final = (
    "modality",
    "sop_class_uid",
    "body_part",
    "view_position",
    "laterality",
    "photometric_interpretation",
    "image_type",
    "descriptions",
    "anatomy",
    "rows",
    "columns",
    "frames",
)
"""What an ``[[accepts]]`` rule may ask of an image: attributes of ``scoring.study.ImageReference``."""
FREE_TEXTS: Final = ("descriptions", "anatomy")
"""Attributes that people wrote."""

WEIGHTS_RECORD: Final = "weights.toml"
"""The file beside a system's spec, or in a training run's folder, that lists its weight files."""
PERCENT: Final = CodedConcept("%", "UCUM", "Percent")
CHOICE_RULES: Final = ("all", "one_frontal_per_side")
"""How the images to score are chosen among the accepted ones; ``dicom_node.routing`` explains each."""


@dataclass(frozen=True, slots=True)
class AcceptRule:
    """One condition on every image. Texts are compared in capitals; ``FREE_TEXTS`` by whole words."""

    attribute: str
    any_of: tuple[str, ...]
    none_of: tuple[str, ...]
    at_least: int | None
    at_most: int | None
    or_empty: bool
    because: str
    """Why it is asked, as a PACS administrator should read it."""


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One kind of grade, finding or measurement: erosion 0-5, giant capillaries, capillary density."""

    key: str
    label: str
    concept: CodedConcept
    """Names the whole grade, what is present or absent, or the quantity."""
    expected_concept: CodedConcept | None
    """Names the real value beside a grade, or the probability of a finding; None where there is none."""
    highest: int
    scale: Scale = "grade"
    unit: CodedConcept | None = None
    """Of ``value`` (UCUM): None for a score. A share of 1 (0..1 in a result) has the unit %, as reports write it."""
    judges: str | None = None
    """Of a finding that follows from a measurement: the key of that item."""
    asks: str | None = None
    """Of a finding about the picture, not the patient: what whoever took it is asked to do, in a word: ``retake``."""

    @property
    def value_concept(self) -> CodedConcept:
        """What names ``value`` in a report."""
        return self.expected_concept or self.concept


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """One place that is graded, with the items graded there."""

    key: str
    label: str
    concept: CodedConcept
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TotalSpec:
    """One sum, mean, maximum or count of the report, or the class or category that follows from the items.

    ``side`` None: both sides together.
    """

    key: str
    label: str
    side: Side | None
    item: str | None
    concept: CodedConcept
    expected_concept: CodedConcept | None
    """Names the expected value beside a sum of grades; None for what is a grade or a value alone."""
    highest: int
    measures: str | None = None
    """What is measured, in a word. Totals of two systems with the same word and side are opinions on one quantity."""
    cut_offs: tuple[int, ...] = ()
    """Of a class: the sum from which on it is 1, 2, …; empty for a sum."""
    derivation: Derivation = "sum"
    unit: CodedConcept | None = None
    """Of ``value``, as in ``ItemSpec``."""
    site: str | None = None
    """The site whose items it follows from; None: all of them."""
    categories: tuple[CodedConcept, ...] = ()
    """Of a category: what the grades 1, 2, … mean."""

    @property
    def value_concept(self) -> CodedConcept:
        """What names ``value`` in a report."""
        return self.expected_concept or self.concept

    @property
    def holds_grade(self) -> bool:
        """Whether it is a whole number: a sum, a class, a count, a category."""
        return self.derivation not in ("maximum", "mean")

    @property
    def holds_value(self) -> bool:
        """Whether it is a real number: a maximum, a mean, the expected value of a sum."""
        return self.derivation in ("maximum", "mean") or self.expected_concept is not None


@dataclass(frozen=True, slots=True)
class AskedSpec:
    """A number that a trial's protocol may set (``scoring.trial``): fewest fingers of a visit."""

    key: str
    label: str
    number: int
    """What holds: the system's own proposal, until a protocol sets another."""
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """Everything declared about one scoring system."""

    key: str
    title: str
    version: str
    kind: Kind
    scope: Scope
    instrument: str
    """Short name of the score, in capitals; begins every tracking identifier: ``SVDH``."""
    preprocessing_version: str
    intended_use: str
    folder: Path
    sha256: str
    accepts: tuple[AcceptRule, ...]
    choice: str
    sides: tuple[Side, ...]
    finding: CodedConcept
    summary_finding: CodedConcept
    region: CodedConcept
    """Where the totals belong: (85562004, SCT, Hand)."""
    items: tuple[ItemSpec, ...]
    sites: tuple[SiteSpec, ...]
    totals: tuple[TotalSpec, ...]
    reasons: dict[str, CodedConcept]
    """Coded reasons for "not scored" and "not evaluable", by the key that the system's code uses."""
    rules: dict[str, CodedConcept]
    """Coded rules that decide a category, by the key that the system's code uses."""
    references: tuple[str, ...]
    per_picture: bool
    """Each site is read on as many pictures as come, numbered from 1; a site without a picture is no gap."""
    longest_side: int | None
    """Pixels. Photographs that are larger are made smaller while they are decoded; None: as they came."""
    weights_files: tuple[Path, ...]
    """Every weights.toml that takes part: the folder's own, and those of shared anatomy."""
    shared_weights: tuple[Path, ...]
    """Those of shared anatomy (``uses_weights``)."""
    asked: tuple[AskedSpec, ...]
    """What a trial's protocol may set, with what holds."""
    protocol: ProtocolUse | None = None
    """The trial's protocol that set any of it."""

    @property
    def has_weights(self) -> bool:
        """False for networks that are still to be learnt; rules and forms need no weights."""
        return self.kind != "network" or len(self.weights_files) > len(self.shared_weights)

    def with_weights(self, folder: Path) -> SystemSpec:
        """The system with the weights of a training run in place of its own; those of shared anatomy stay."""
        return replace(self, weights_files=(folder / WEIGHTS_RECORD, *self.shared_weights))

    def item(self, key: str) -> ItemSpec:
        """The item with this key; KeyError when the spec has none."""
        return _by_key(self.items, key)

    def site(self, key: str) -> SiteSpec:
        """The site with this key; KeyError when the spec has none."""
        return _by_key(self.sites, key)

    def asks(self, key: str) -> int:
        """The number that holds for something that a protocol may set; KeyError when the spec has no such thing."""
        return _by_key(self.asked, key).number

    def place(self, item: ScoreItem) -> tuple[int, int, int, int]:
        """Where a grade stands in the order of the spec; what the spec does not know comes last.

        By side, kind and site; where pictures are numbered by side, site, picture and kind.
        """
        items, sites = [i.key for i in self.items], [s.key for s in self.sites]
        side = self.sides.index(item.side) if item.side in self.sides else len(self.sides)
        kind = items.index(item.item) if item.item in items else len(items)
        site = sites.index(item.site) if item.site in sites else len(sites)
        return (side, kind, site, 0) if item.picture is None else (side, site, item.picture, kind)

    def total(self, key: str) -> TotalSpec:
        """The total with this key; KeyError when the spec has none."""
        return _by_key(self.totals, key)


def read_spec(path: Path) -> SystemSpec:
    """Read and check one spec.toml. Raises SpecError naming file, key, what was found and what is allowed."""
    try:
        content = path.read_bytes()
        raw = tomllib.loads(content.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path.parent.name}/{path.name} cannot be read: {error}.") from None
    table = _Table(raw, f"{path.parent.name}/{path.name}")
    spec = SystemSpec(
        key=table.text("key"),
        title=table.text("title"),
        version=table.text("version"),
        kind=cast(Kind, table.choice("kind", ("network", "rule", "form"))),
        scope=cast(Scope, table.choice("scope", ("image", "side", "subject_visit"))),
        instrument=table.text("instrument"),
        preprocessing_version=table.text("preprocessing_version"),
        intended_use=table.text("intended_use"),
        folder=path.parent,
        sha256=hashlib.sha256(content).hexdigest(),
        accepts=tuple(_accept_rule(t) for t in table.tables("accepts")),
        choice=table.choice("choice", CHOICE_RULES),
        sides=cast(tuple[Side, ...], table.texts("sides", allowed=("L", "R"))),
        finding=table.concept("finding"),
        summary_finding=table.concept("summary_finding"),
        region=table.concept("region"),
        items=tuple(_item(t) for t in table.tables("items")),
        sites=tuple(_site(t) for t in table.tables("sites")),
        totals=(),
        reasons=_coded(table.tables("reasons")),
        rules=_coded(table.tables("rules")),
        references=table.texts("references"),
        per_picture=table.flag("per_picture"),
        longest_side=table.number("longest_side"),
        weights_files=(*_own_weights(path.parent), *_shared_weights(path.parent, table)),
        shared_weights=_shared_weights(path.parent, table),
        asked=tuple(_asked(t) for t in table.tables("protocol")),
    )
    spec = replace(spec, totals=tuple(_totals(table.tables("totals"), spec)))
    table.refuse_unknown()
    if spec.key != path.parent.name:
        raise SpecError(f"{table.where}: key is {spec.key!r}; it must be the folder's name, {path.parent.name!r}.")
    known = {i.key for i in spec.items}
    for item in spec.items:
        if item.judges is not None and item.judges not in known:
            raise SpecError(f"{table.where}: items.{item.key}.judges is {item.judges!r}; allowed: {sorted(known)}.")
    for site in spec.sites:
        if strangers := set(site.items) - known:
            raise SpecError(
                f"{table.where}: sites.{site.key}.items names {strangers.pop()!r}; allowed: {sorted(known)}."
            )
    return spec


def _own_weights(folder: Path) -> tuple[Path, ...]:
    return (folder / WEIGHTS_RECORD,) if (folder / WEIGHTS_RECORD).exists() else ()


def _shared_weights(folder: Path, table: _Table) -> tuple[Path, ...]:
    return tuple((folder / name).resolve() for name in table.texts("uses_weights"))


class _Table:
    """One TOML table with its place, so that every fault names file and key; remembers which keys were read."""

    def __init__(self, raw: dict[str, Any], where: str) -> None:
        self.raw, self.where, self._read = raw, where, set[str]()

    def fault(self, key: str, wanted: str) -> SpecError:
        return SpecError(f"{self.where}: {key} must be {wanted}, found {self.raw.get(key)!r}.")

    def get(self, key: str) -> Any:
        self._read.add(key)
        return self.raw.get(key)

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "a text that is not empty")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], absent: str | None = None) -> str:
        value = self.get(key)
        if value is None and absent is not None:
            return absent
        if value not in allowed:
            raise self.fault(key, f"one of {', '.join(allowed)}")
        return str(value)

    def texts(self, key: str, allowed: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fault(key, "a list of texts")
        if allowed and not set(value) <= set(allowed):
            raise self.fault(key, f"a list of {', '.join(allowed)}")
        return tuple(value)

    def number(self, key: str) -> int | None:
        value = self.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.fault(key, "a whole number")
        return value

    def required_number(self, key: str) -> int:
        value = self.number(key)
        if value is None:
            raise self.fault(key, "a whole number")
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        value = self.get(key) or []
        if not isinstance(value, list) or any(type(v) is not int for v in value):
            raise self.fault(key, "a list of whole numbers")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fault(key, "true or false")
        return bool(value)

    def concept(self, key: str) -> CodedConcept:
        return self._concept(key, self.get(key))

    def concepts(self, key: str) -> tuple[CodedConcept, ...]:
        value = self.get(key) or []
        if not isinstance(value, list):
            raise self.fault(key, "a list of codes")
        return tuple(self._concept(key, one) for one in value)

    def _concept(self, key: str, value: Any) -> CodedConcept:
        if not isinstance(value, list) or len(value) != 3 or not all(isinstance(v, str) and v for v in value):
            raise self.fault(key, "[code value, coding scheme designator, code meaning]")
        if len(value[0]) > 16 or len(value[1]) > 16 or len(value[2]) > 64:
            raise self.fault(key, "a code of at most 16, 16 and 64 characters (PS3.3 8.1)")
        return CodedConcept(*value)

    def tables(self, key: str) -> list[_Table]:
        value = self.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fault(key, f"a list of tables [[{key}]]")
        return [_Table(v, f"{self.where}: {key}[{n}]") for n, v in enumerate(value)]

    def refuse_unknown(self) -> None:
        if unknown := sorted(set(self.raw) - self._read):
            raise SpecError(f"{self.where}: unknown key {unknown[0]!r}; allowed: {', '.join(sorted(self._read))}.")


def _accept_rule(table: _Table) -> AcceptRule:
    rule = AcceptRule(
        attribute=table.choice("attribute", IMAGE_ATTRIBUTES),
        any_of=tuple(v.upper() for v in table.texts("any_of")),
        none_of=tuple(v.upper() for v in table.texts("none_of")),
        at_least=table.number("at_least"),
        at_most=table.number("at_most"),
        or_empty=table.flag("or_empty"),
        because=table.text("because"),
    )
    table.refuse_unknown()
    return rule


def _item(table: _Table) -> ItemSpec:
    scale = cast(Scale, table.choice("scale", get_args(Scale), "grade"))
    item = ItemSpec(
        key=table.text("key"),
        label=table.text("label"),
        concept=table.concept("concept"),
        expected_concept=table.concept("expected_concept") if _has_expected(table, scale == "grade") else None,
        highest=1 if scale == "present" else table.required_number("highest"),
        scale=scale,
        unit=table.concept("unit") if scale == "measurement" else PERCENT if scale == "present" else None,
        judges=table.text("judges") if table.get("judges") is not None else None,
        asks=table.text("asks") if table.get("asks") is not None else None,
    )
    if scale == "measurement" and item.expected_concept:
        raise table.fault("expected_concept", "absent: a measurement is one number")
    table.refuse_unknown()
    return item


def _site(table: _Table) -> SiteSpec:
    site = SiteSpec(table.text("key"), table.text("label"), table.concept("concept"), table.texts("items"))
    table.refuse_unknown()
    return site


def _asked(table: _Table) -> AskedSpec:
    asked = AskedSpec(
        key=table.text("key"),
        label=table.text("label"),
        number=table.required_number("default"),
        at_least=table.required_number("at_least"),
        at_most=table.required_number("at_most"),
    )
    if not asked.at_least <= asked.number <= asked.at_most:
        raise table.fault("default", f"from {asked.at_least} to {asked.at_most}")
    table.refuse_unknown()
    return asked


def _totals(tables: list[_Table], spec: SystemSpec) -> Iterator[TotalSpec]:
    """The totals in their order; one ``for_each = "site"`` stands for those of every side and site, one after another.

    Those follow in the place of the first of them, with the side and site before the key: ``R.RING.giant.maximum``.
    """
    each = [table for table in tables if table.get("for_each") is not None]
    for table in each:
        table.choice("for_each", ("site",))
    at_sites = [_total(table) for table in each]
    for table in tables:
        if table not in each:
            yield _total(table)
        elif table is each[0]:
            yield from (
                replace(total, key=".".join(filter(None, (side, site.key, total.key))), side=side, site=site.key)
                for side in (*spec.sides, None)
                for site in spec.sites
                for total in at_sites
            )


def _total(table: _Table) -> TotalSpec:
    side = table.get("side")
    if side not in (None, "L", "R"):
        raise table.fault("side", "L, R or absent")
    derivation = cast(Derivation, table.choice("derivation", get_args(Derivation), "sum"))
    categories = table.concepts("categories")
    total = TotalSpec(
        key=table.text("key"),
        label=table.text("label"),
        side=cast("Side | None", side),
        item=table.text("item") if table.get("item") is not None else None,
        concept=table.concept("concept"),
        expected_concept=table.concept("expected_concept") if _has_expected(table, derivation == "sum") else None,
        highest=len(categories) if categories else table.required_number("highest"),
        measures=table.text("measures") if table.get("measures") is not None else None,
        cut_offs=table.numbers("cut_offs"),
        derivation=derivation,
        unit=table.concept("unit") if table.get("unit") is not None else None,
        categories=categories,
    )
    table.refuse_unknown()
    if total.cut_offs and (len(total.cut_offs) != total.highest or list(total.cut_offs) != sorted(set(total.cut_offs))):
        raise table.fault("cut_offs", f"{total.highest} rising whole numbers, one for each class above 0")
    if bool(categories) != (derivation == "category"):
        raise table.fault("categories", "a list of codes for the derivation category, and absent for any other")
    return total


def _has_expected(table: _Table, needed: bool) -> bool:
    return needed or table.get("expected_concept") is not None


def _coded(tables: list[_Table]) -> dict[str, CodedConcept]:
    found = {}
    for table in tables:
        found[table.text("key")] = table.concept("concept")
        table.refuse_unknown()
    return found


def _by_key(rows: tuple[_Keyed, ...], key: str) -> _Keyed:
    for row in rows:
        if row.key == key:
            return row
    raise KeyError(key)
