"""Tables of the conformance statement about what we make, read from objects that are written for it.

The examples are those of the tests: one stored result of each kind, in every form, with every further object.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, get_args

from pydicom import dcmread
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from docs.code_facts import markdown_table
from scoring.coded_concept import CodedConcept
from scoring.result import Engine
from sr_templates import codes
from sr_templates.document_forms import SOP_CLASS_OF_FORM, DocumentForm, Extra
from sr_templates.inherited_modules import INHERITED
from sr_templates.result_objects import write_result_objects
from tests.sr_templates import results_for_tests as examples
from tests.sr_templates.results_for_tests import ResultForTests

_BULK: Final = frozenset({"PixelData", "EncapsulatedDocument", "ContentSequence"})
_DEEPEST: Final = 3
_LONGEST_VALUE: Final = 60
_SEVERAL: Final = 2
_WRITTEN_FORMS: Final[tuple[DocumentForm, ...]] = ("comprehensive", "basic_text")
_ALIKE: Final = {
    SOP_CLASS_OF_FORM["comprehensive"]: tuple(
        SOP_CLASS_OF_FORM[form] for form in ("comprehensive3d", "comprehensive", "enhanced")
    )
}
"""Three forms that differ in nothing but the SOP class; the tests of the report hold that."""
_ORIGIN: Final = {
    "SOPClassUID": "as above",
    "PatientOrientation": "source image",
    "BodyPartExamined": "source image",
    "ImageLaterality": "R, L or B as found on the image; U where nothing has sides",
    "SOPInstanceUID": "derived from the stored result, the role and the form",
    "SeriesDescription": "the instrument and the kind of object, with (research only) or (WITHDRAWN)",
    "ManufacturerModelName": "rheumascore and the key of the system",
    "SecondaryCaptureDeviceManufacturerModelName": "rheumascore and the key of the system",
    "SeriesInstanceUID": "derived from the stored result and the kind of object",
    "ContentDate": "date of the scoring",
    "ContentTime": "time of the scoring",
    "InstanceCreationDate": "date of the scoring",
    "InstanceCreationTime": "time of the scoring",
    "TimezoneOffsetFromUTC": "the source's, else +0000",
    "DeviceSerialNumber": "derived from software and weights",
    "SoftwareVersions": "software and system with their versions",
    "ContentSequence": "the report's tree: annex A.3",
    "PredecessorDocumentsSequence": "the reports of the result that this one replaces or takes back",
    "PertinentOtherEvidenceSequence": "images left out, and objects of earlier visits",
    "PixelData": "drawn",
    "ContributionDescription": "digest of the weights",
}


@dataclass(frozen=True)
class Kind:
    """SOP classes that we create with the same attributes, and every example of them."""

    sop_class_uids: tuple[str, ...]
    roles: tuple[str, ...]
    datasets: tuple[Dataset, ...]

    @property
    def names(self) -> str:
        """The SOP classes in words."""
        return ", ".join(UID(uid).name for uid in self.sop_class_uids)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of object that the code writes now, in the order in which it is first written."""
    found: dict[str, tuple[dict[str, None], list[Dataset]]] = {}
    for made in _examples():
        for form in _WRITTEN_FORMS:
            extras = get_args(Extra) if form == "comprehensive" else ()
            written = write_result_objects(made.result, made.spec, made.sources, made.arrays, form, extras)
            for one in written.objects:
                roles, datasets = found.setdefault(one.sop_class_uid, ({}, []))
                roles[one.role.replace("_", " ")] = None
                datasets.append(dcmread(io.BytesIO(one.content)))
    return tuple(
        Kind(_ALIKE.get(uid, (uid,)), tuple(roles), tuple(datasets)) for uid, (roles, datasets) in found.items()
    )


def _examples() -> Iterator[ResultForTests]:
    yield examples.with_intervals()
    yield examples.several_images()
    yield examples.follow_up()
    yield examples.re_issued()
    yield examples.not_evaluable()
    yield examples.withdrawn()
    elsewhere = examples.with_header(examples.with_bare_headers(examples.one_hand()), TimezoneOffsetFromUTC="+0100")
    result = replace(
        elsewhere.result,
        engine=Engine("rheumascore 9.9.9", ("torch 9.9.9",), "cpu arm64"),
        weights_digest="0ddba11" + "5a" * 28 + "5",
        scored_at="2027-02-03T04:05:06Z",
        statement="other weights",
    )
    yield replace(elsewhere, result=result)


def created_classes() -> str:
    """SOP classes that we create."""
    rows = [(UID(uid).name, f"`{uid}`", ", ".join(k.roles)) for k in kinds() for uid in k.sop_class_uids]
    return markdown_table(("SOP class", "UID", "what it holds"), rows)


def attribute_tables() -> str:
    """For each class the attributes that stand in what was written."""
    parts = []
    for kind in kinds():
        rows = list(_rows([dict(_elements(d)) for d in kind.datasets], 0))
        parts.append(f"#### {kind.names} ({', '.join(kind.roles)})")
        parts.append(markdown_table(("tag", "attribute", "VR", "presence", "value or source"), rows))
    return "\n\n".join(parts)


def _elements(dataset: Dataset) -> Iterator[tuple[str, DataElement]]:
    return ((e.keyword or str(e.tag), e) for e in dataset)


def _rows(seen: list[dict[str, DataElement]], depth: int) -> Iterator[tuple[str, ...]]:
    for tag, keyword in sorted({(int(e.tag), k) for one in seen for k, e in one.items()}):
        here = [one[keyword] for one in seen if keyword in one]
        mark = ">" * depth + " " if depth else ""
        name = f"{mark}{dictionary_description(tag)}"
        number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        yield number, name, here[0].VR, _presence(here, len(seen)), _value(keyword, here, depth)
        if here[0].VR == "SQ" and depth < _DEEPEST and _is_opened(keyword):
            yield from _rows([dict(_elements(item)) for e in here for item in e.value], depth + 1)


def _is_opened(keyword: str) -> bool:
    return keyword not in _BULK and keyword not in INHERITED and not keyword.endswith("CodeSequence")


def _presence(here: list[DataElement], among: int) -> str:
    """The words of PS3.2: ALWAYS, VNAP (may be empty), EMPTY, ANAP (may be absent)."""
    inherited = here[0].keyword in INHERITED
    if len(here) < among:
        return "ANAP"
    if all(e.is_empty for e in here) and not inherited:
        return "EMPTY"
    return "VNAP" if any(e.is_empty for e in here) else "ALWAYS"


def _value(keyword: str, here: list[DataElement], depth: int) -> str:
    if keyword in _ORIGIN and (depth == 0 or keyword != "SeriesInstanceUID"):
        return _ORIGIN[keyword]
    if depth == 0 and keyword in INHERITED:
        return "source image"
    if here[0].VR == "SQ":
        return _concept(here) if keyword.endswith("CodeSequence") else ""
    values = {_text(e) for e in here if not e.is_empty}
    if len(values) == 1 and len(text := values.pop()) <= _LONGEST_VALUE and here[0].VR != "UI":
        return f"`{text}`"
    return "" if all(e.is_empty for e in here) else "written by the node"


def _text(element: DataElement) -> str:
    return "\\".join(map(str, element.value)) if element.VM > 1 else str(element.value)


def _concept(here: list[DataElement]) -> str:
    found = {
        f"({item.CodeValue}, {item.CodingSchemeDesignator}) {item.CodeMeaning}"
        for e in here
        for item in e.value
        if "CodeValue" in item
    }
    return "; ".join(sorted(found)) if len(found) <= _SEVERAL else "from the spec or the code table"


def inherited_attributes() -> str:
    """What is carried over from the source, unaltered."""
    rows = [(dictionary_description(t), dictionary_VR(t)) for k in INHERITED if (t := tag_for_keyword(k)) is not None]
    return markdown_table(("attribute", "VR"), rows)


def content_relations() -> str:
    """Value types and relationships that stand in the reports, by form."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for kind in kinds():
        for dataset in kind.datasets:
            if "ValueType" in dataset:
                for relation in _relations(dataset):
                    found.setdefault(relation, {})[kind.names] = None
    rows = [(*relation, ", ".join(classes)) for relation, classes in sorted(found.items())]
    return markdown_table(("from", "relationship", "to", "in"), rows)


def _relations(item: Dataset) -> Iterator[tuple[str, str, str]]:
    for child in item.get("ContentSequence", ()):
        yield str(item.ValueType), str(child.RelationshipType), str(child.get("ValueType", "by reference"))
        yield from _relations(child)


def coding_schemes() -> str:
    """Every scheme of the code table."""
    rows = [
        (f"`{s.designator}`", s.name, f"`{s.uid}`" if s.uid else "", s.version, s.organisation)
        for s in codes.CODING_SCHEMES.values()
    ]
    return markdown_table(("designator", "name", "UID", "version", "responsible organisation"), rows)


def standard_codes() -> str:
    """The code table but the private scheme."""
    return _codes({c: where for c, where in codes.WHERE_DEFINED.items() if c.scheme != codes.PRIVATE_SCHEME})


def private_codes() -> str:
    """The private scheme as far as no system declares it."""
    return _codes({c: where for c, where in codes.WHERE_DEFINED.items() if c.scheme == codes.PRIVATE_SCHEME})


def _codes(table: Mapping[CodedConcept, str]) -> str:
    rows = [(f"`{c.value}`", c.scheme, c.meaning, where) for c, where in table.items()]
    return markdown_table(("code value", "scheme", "code meaning", "defined in, or meaning"), rows)
