"""The last container of the report (TID 1500 row 12): quality, and all that a reader must be told in words.

TID 1500 takes any question and answer here, so that what fits no other template is said without breaking one.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, composite, container, text
from sr_templates.document_forms import DocumentForm
from sr_templates.exact_text import shown
from sr_templates.grade_lines import grade_lines, sum_lines
from sr_templates.image_lines import image_lines
from sr_templates.observer_context import learnt_from_line
from sr_templates.prior_results import baseline_report, prior_lines
from sr_templates.second_opinions import opinion_lines, opinion_sentences, verdict_items
from sr_templates.stored_order import order_lines

RESEARCH_STATEMENT: Final = "For research use only. Not for diagnosis or treatment."
FORCED: Final = "The study was closed by the longest wait; images may be missing."

_RULES: Final = {"none": "none: nothing is imputed; a sum counts only the grades that were given"}


def qualitative_evaluations(result: ScoreResult, spec: SystemSpec, form: DocumentForm) -> Dataset:
    """Quality verdict, statements, images and hands in words, earlier results, what the groups leave open."""
    lines = [*statements(result, spec), *weights_and_rule(result), *image_lines(result), *prior_lines(result)]
    lines += [*opinion_lines(result), (codes.RESULT_DIGEST, result.digest)]
    lines += [*order_lines(result, spec), *grade_lines(result, spec), *sum_lines(result, spec)]
    children = [code(codes.IMAGE_QUALITY, result.quality), *verdict_items(result)]
    children += [text(name, words) for name, words in lines]
    if earlier := baseline_report(result, form):
        children.append(composite(codes.BASELINE, earlier.sop_class_uid, earlier.sop_instance_uid))
    return container(codes.QUALITATIVE_EVALUATIONS, children)


def statements(result: ScoreResult, spec: SystemSpec) -> list[tuple[CodedConcept, str]]:
    """What every reader must be told, most urgent first: research only, why there is no score, second opinions, notes,
    the weights."""
    words: list[tuple[CodedConcept, str]] = [(codes.COMMENT, RESEARCH_STATEMENT)]
    if result.not_evaluable is not None:
        words.append((codes.EXPLANATION, shown(result.not_evaluable.explanation)))
    if result.forced:
        words.append((codes.COMMENT, FORCED))
    words += [(codes.COMMENT, opinion.words) for opinion in opinion_sentences(result, spec)]
    words += [(codes.NOTE, shown(note)) for note in result.notes]
    words.append((codes.STATEMENT, shown(result.statement)))
    return [(name, value) for name, value in words if value]


def weights_and_rule(result: ScoreResult) -> list[tuple[CodedConcept, str]]:
    """What each weight file learnt from, and what sums do about missing sites."""
    rule = _RULES.get(result.missing_site_rule, shown(result.missing_site_rule))
    lines = [(codes.LEARNT_FROM, learnt_from_line(weights)) for weights in result.weights]
    return [*lines, (codes.MISSING_SITE_RULE, rule)] if rule else lines
