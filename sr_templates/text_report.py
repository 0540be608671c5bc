"""The report in words alone (Basic Text SR), for archives that take nothing richer.

Its root is a Diagnostic Imaging Report (CID 7000) built by TID 2000, not an Imaging Measurement Report: TID 1500 is
made of numbers and regions, which this SOP Class must not hold (PS3.3 A.35.1.3), and programs that find its root would
look for them. The document says every grade; it is for people, and is not read back.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, composite, container, image, text
from sr_templates.document_forms import SECONDARY_CAPTURE
from sr_templates.image_lines import image_lines
from sr_templates.measurement_groups import Illustrations
from sr_templates.observer_context import MANUFACTURER, device_observer, parameter_lines
from sr_templates.prior_results import baseline_report, prior_lines
from sr_templates.qualitative_evaluations import statements, weights_and_rule
from sr_templates.reading_sentences import picture_sentences, summary_sentences
from sr_templates.report_header import report_with_tree
from sr_templates.report_sentences import site_sentences, sum_sentences
from sr_templates.second_opinions import verdict_items


def text_report(result: ScoreResult, spec: SystemSpec, home: Dataset, pictures: Illustrations) -> Dataset:
    """The whole document; ``home`` is the header whose patient and study it joins."""
    sections = (
        (codes.SUMMARY, _summary(result, spec)),
        (codes.FINDINGS, [text(codes.FINDING, words) for words in _findings(result, spec)]),
        (codes.PREVIOUS_FINDINGS, _earlier(result)),
        (codes.CURRENT_PROCEDURE, _procedure(result, spec)),
        (codes.KEY_IMAGES, _images(result, pictures)),
    )
    root = container(
        codes.DIAGNOSTIC_IMAGING_REPORT,
        [
            code(codes.LANGUAGE, codes.ENGLISH, "HAS CONCEPT MOD"),
            code(codes.PROCEDURE_REPORTED, codes.IMAGING_PROCEDURE, "HAS CONCEPT MOD"),
            *device_observer(result),
            *(container(heading, items) for heading, items in sections if items),
        ],
        relation=None,
        template="2000",
    )
    return report_with_tree(result, spec, home, pictures, "basic_text", root)


def _summary(result: ScoreResult, spec: SystemSpec) -> list[Dataset]:
    """What must be read even when nothing else is: statements, why there is no score, quality, the sums."""
    items = [text(codes.CONCLUSION, words) for words in _told(statements(result, spec))]
    if result.not_evaluable is not None:
        items.append(code(codes.CONCLUSION, result.not_evaluable.reason))
    items += [code(codes.CONCLUSION, result.quality), *verdict_items(result, codes.CONCLUSION)]
    sums = summary_sentences(result, spec) if spec.per_picture else sum_sentences(result, spec)
    return items + [text(codes.CONCLUSION, words) for words in sums]


def _findings(result: ScoreResult, spec: SystemSpec) -> list[str]:
    return picture_sentences(result, spec) if spec.per_picture else site_sentences(result, spec)


def _procedure(result: ScoreResult, spec: SystemSpec) -> list[Dataset]:
    """By what, with which weights, by which rule, on which images."""
    lines = [f"{MANUFACTURER} {spec.key} {result.system_version}: {spec.title}"]
    told = [*weights_and_rule(result), *image_lines(result), (codes.RESULT_DIGEST, result.digest)]
    return [text(codes.PROCEDURE_DESCRIPTION, line) for line in [*lines, *_told(told), *parameter_lines(result)]]


def _earlier(result: ScoreResult) -> list[Dataset]:
    items = [text(codes.PREVIOUS_FINDING, words) for words in _told(prior_lines(result))]
    if earlier := baseline_report(result, "basic_text"):
        items.append(composite(codes.BASELINE, earlier.sop_class_uid, earlier.sop_instance_uid))
    return items


def _images(result: ScoreResult, pictures: Illustrations) -> list[Dataset]:
    """The source images in the order that numbers them, then our pictures."""
    items = [image(codes.SOURCE_OF_MEASUREMENT, i.sop_class_uid, i.sop_instance_uid) for i in result.images]
    return items + [image(codes.BEST_ILLUSTRATION, SECONDARY_CAPTURE, uid) for uid in pictures.instances]


def _told(lines: Iterable[tuple[CodedConcept, str]]) -> list[str]:
    """Each with the name of what it tells: the concept names of this form say too little."""
    return [words if name == codes.COMMENT else f"{name.meaning}: {words}" for name, words in lines]
