"""A report back to the result it was written from, equal to the last digit; reports of others as far as they go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast, get_args

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import NotEvaluable, PriorResult, ScoreResult
from scoring.spec import Kind, SystemSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import meant
from sr_templates.image_lines import read_hand, read_heatmap, read_marks
from sr_templates.observer_context import (
    MANUFACTURER,
    only_parameter,
    read_engine,
    read_parameters,
    read_protocol,
    read_weights,
)
from sr_templates.prior_results import DIGEST_OF, read_prior
from sr_templates.qualitative_evaluations import FORCED
from sr_templates.read_foreign import foreign_result
from sr_templates.read_groups import read_items, read_reason, read_totals, with_details, with_sum_details
from sr_templates.read_images import read_images
from sr_templates.read_tree import code_of, key_of, name_of, named, only, reading, texts
from sr_templates.second_opinions import read_opinions
from sr_templates.stored_order import as_stored, items_in_order, totals_in_order

_SYSTEM: Final = "system"


def read_back(report: Dataset, spec: SystemSpec | None, changed: bool = False) -> ScoreResult:
    """The result that a report of ours was written from by ``spec``: the same digest, or ForeignReportError.

    ``changed``: read it also when it is no longer as it was written, such as a copy whose UIDs were mapped; the digest
    then differs. Without a spec, and for reports of other makers: the numbers, and notes that say what is not known.
    Raises ForeignReportError naming the part that is missing, broken or damaged.
    """
    with reading("The root"):
        if name_of(report) != key_of(codes.IMAGING_MEASUREMENT_REPORT):
            raise ForeignReportError(
                "The document is not an Imaging Measurement Report (126000, DCM); it was not read."
            )
        parameters = read_parameters(
            words
            for part in named(report, codes.IMAGING_MEASUREMENTS)
            for words in texts(part, codes.ALGORITHM_PARAMETERS)
        )
        ours = report.get("Manufacturer") == MANUFACTURER
    if spec is None or not (ours or _SYSTEM in parameters):
        with reading("A part"):
            return foreign_result(report, _moment(report))
    system = only_parameter(parameters, _SYSTEM)
    if system != spec.key:
        raise ForeignReportError(f"The report is of the system {system!r}, the spec of {spec.key!r}.")
    with reading("The header"):
        result = _own_result(report, spec, parameters)
        words = only(report, codes.QUALITATIVE_EVALUATIONS, "The root")
        if not changed and texts(words, codes.RESULT_DIGEST) != [result.digest]:
            raise ForeignReportError(
                "The report is not as it was written: what it says has another digest than the one that it names. "
                "Read the stored result; a copy whose UIDs were mapped can be read as changed."
            )
    return result


def _own_result(report: Dataset, spec: SystemSpec, parameters: dict[str, list[str]]) -> ScoreResult:
    with reading("The Qualitative Evaluations"):
        words = only(report, codes.QUALITATIVE_EVALUATIONS, "The root")
        images = read_images(report, words)
        numbered = [image.sop_instance_uid for image in images]
        order = texts(words, codes.STORED_ORDER)
        quality = code_of(only(words, codes.IMAGE_QUALITY, "The Qualitative Evaluations"))
        hands = tuple(read_hand(line, numbered) for line in texts(words, codes.HAND_FOUND))
        heatmaps = tuple(read_heatmap(line, numbered) for line in texts(words, codes.HEATMAP))
        marks = tuple(read_marks(line, numbered) for line in texts(words, codes.MARKS))
        statement = "".join(meant(line) for line in texts(words, codes.STATEMENT))
        notes = tuple(meant(line) for line in texts(words, codes.NOTE))
        explanation = "".join(meant(line) for line in texts(words, codes.EXPLANATION))
        opinions = read_opinions(
            [code_of(item) for item in named(words, codes.OPINION_VERDICT)],
            texts(words, codes.OPINION),
            texts(words, codes.OPINION_TOTAL),
        )
        predecessor, baseline = _prior(words, "predecessor"), _prior(words, "baseline")
    with reading("The Imaging Measurements"):
        measurements = only(report, codes.IMAGING_MEASUREMENTS, "The root")
        groups = list(named(measurements, codes.MEASUREMENT_GROUP))
        version = only(measurements, codes.ALGORITHM_VERSION, "The algorithm").get("TextValue")
        weights = read_weights(parameters.get("weights", []), texts(words, codes.LEARNT_FROM))
        items = with_details(read_items(groups, spec), texts(words, codes.GRADE_DETAIL), numbered)
        totals = with_sum_details(read_totals(groups, spec), texts(words, codes.SUM_DETAIL))
        reason = read_reason(groups)
    return ScoreResult(
        system=spec.key,
        system_version=meant(str(version or "")),
        kind=_kind(only_parameter(parameters, "kind")),
        preprocessing_version=only_parameter(parameters, "preprocessing_version"),
        weights=weights,
        weights_digest=only_parameter(parameters, "weights_digest"),
        statement=statement,
        engine=read_engine(parameters),
        study_instance_uid=str(report.get("StudyInstanceUID") or ""),
        images=images,
        items=as_stored("grades", items_in_order(items, spec), order),
        totals=as_stored("sums", totals_in_order(totals, spec), order),
        missing_site_rule=only_parameter(parameters, "missing_site_rule"),
        quality=quality,
        scored_at=_needed_moment(report),
        hands=hands,
        heatmaps=heatmaps,
        notes=notes,
        not_evaluable=NotEvaluable(reason, explanation) if reason else None,
        forced=FORCED in texts(words, codes.COMMENT),
        predecessor=predecessor,
        withdraws=_is_withdrawal(reason),
        baseline=baseline,
        second_opinions=opinions,
        marks=marks,
        protocol=read_protocol(parameters),
    )


def _prior(words: Dataset, which: str) -> PriorResult | None:
    digest = "".join(texts(words, DIGEST_OF[which]))
    return read_prior(which, digest, texts(words, codes.PRIOR_RESULT), texts(words, codes.PRIOR_OBJECT))


def _is_withdrawal(reason: CodedConcept | None) -> bool:
    return reason is not None and key_of(reason) == key_of(codes.WITHDRAWN)


def _kind(words: str) -> Kind:
    if words not in get_args(Kind):
        raise ForeignReportError("The report is of a kind of system that this software does not know.")
    return cast(Kind, words)


def _needed_moment(report: Dataset) -> str:
    moment = _moment(report)
    if not moment:
        raise ForeignReportError("The report does not say when it was scored; it is damaged.")
    return moment


def _moment(report: Dataset) -> str:
    """Content Date and Time in UTC, as results write it; empty when they are missing or no such thing."""
    parts = [str(report.get(k) or "") for k in ("ContentDate", "ContentTime", "TimezoneOffsetFromUTC")]
    try:
        moment = datetime.strptime(parts[0] + parts[1][:6] + (parts[2] or "+0000"), "%Y%m%d%H%M%S%z")
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""
