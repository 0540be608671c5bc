"""Which coding schemes a report uses, and who stands behind each (PS3.3 C.12.1.1.1.1)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes


def coding_schemes(result: ScoreResult, spec: SystemSpec) -> DicomSequence:
    """Coding Scheme Identification of the code table, and of every scheme that the spec or the result declares."""
    declared = [c.scheme for c in (spec.finding, spec.summary_finding, spec.region, result.quality)]
    declared += [s.concept.scheme for s in spec.sites] + [c.scheme for c in spec.reasons.values()]
    declared += [c.scheme for item in spec.items for c in (item.concept, item.value_concept)]
    declared += [c.scheme for total in spec.totals for c in (total.concept, total.value_concept, *total.categories)]
    declared += [c.scheme for c in spec.rules.values()]
    reasons = [i.reason for i in result.items] + [t.reason for t in result.totals]
    declared += [reason.scheme for reason in reasons if reason]
    declared += [result.not_evaluable.reason.scheme] if result.not_evaluable else []
    used = sorted(set(declared) | {c.scheme for c in codes.WHERE_DEFINED})
    return DicomSequence([_scheme(designator, spec) for designator in used])


def _scheme(designator: str, spec: SystemSpec) -> Dataset:
    """A scheme that no table knows is the system's own: it is told by whom it was declared."""
    own = codes.CodingScheme(designator, f"codes of {spec.key}"[:64], version=spec.version, organisation=spec.key)
    known = codes.CODING_SCHEMES.get(designator, own)
    item = Dataset()
    item.CodingSchemeDesignator = known.designator
    if known.uid:
        item.CodingSchemeRegistry = "HL7"
        item.CodingSchemeUID = known.uid
    item.CodingSchemeName = known.name
    if known.version:
        item.CodingSchemeVersion = known.version
    if known.organisation:
        item.CodingSchemeResponsibleOrganization = known.organisation
    return item
