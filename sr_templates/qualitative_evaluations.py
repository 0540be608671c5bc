"""The last container of the report (TID 1500 row 12): quality, and what a reader must be told in words."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreResult
from sr_templates import codes
from sr_templates.content_items import code, container, text

RESEARCH_STATEMENT: Final = "For research use only. Not for diagnosis or treatment."

_RULES: Final = {"none": "none: nothing is imputed; a sum counts only the grades that were given"}


def qualitative_evaluations(result: ScoreResult) -> Dataset:
    """Quality verdict, statements, what the weights learnt from, the rule for missing sites, notes."""
    rule = _RULES.get(result.missing_site_rule, result.missing_site_rule)
    words: list[tuple[CodedConcept, str]] = [(codes.COMMENT, RESEARCH_STATEMENT), (codes.COMMENT, result.statement)]
    if result.not_evaluable is not None:
        words.append((codes.COMMENT, f"Not evaluable: {result.not_evaluable.explanation}"))
    words += [(codes.COMMENT, note) for note in result.notes]
    words += [
        (codes.COMMENT, f"The header names another side than the picture shows; read as the {_SIDES[hand.side]} hand.")
        for hand in result.hands
        if hand.header_disagrees
    ]
    if result.forced:
        words.append((codes.COMMENT, FORCED))
    words.append((codes.MISSING_SITE_RULE, rule))
    words += [(codes.LEARNT_FROM, f"{w.role} ({w.file}): {w.learnt_from}") for w in result.weights]
    if result.predecessor:
        words.append((codes.PREDECESSOR, result.predecessor.digest))
    children = [code(codes.IMAGE_QUALITY, result.quality)]
    children += [text(name, value) for name, value in words if value]
    return container(codes.QUALITATIVE_EVALUATIONS, children)


FORCED: Final = "The study was closed by the longest wait; images may be missing."
_SIDES: Final = {"L": "left", "R": "right"}
