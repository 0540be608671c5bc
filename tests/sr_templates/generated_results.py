"""Results that nobody thought of: any numbers, words, gaps, places and orders that a stored result may hold."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from scoring.result import (
    ComparedTotal,
    Engine,
    HandRegion,
    Heatmap,
    ItemStatus,
    Marks,
    NotEvaluable,
    PriorObject,
    PriorResult,
    ProtocolUse,
    ScoreItem,
    ScoreResult,
    ScoreTotal,
    SecondOpinion,
    WeightUse,
)
from scoring.second_opinion import AGREES, DIFFERS
from scoring.spec import SystemSpec
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.measurement_groups import Illustrations
from sr_templates.measurement_report import measurement_report
from sr_templates.production_modules import part10_file
from sr_templates.result_check import refuse_invalid_result
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates import results_for_tests as results

GAPS: tuple[ItemStatus, ...] = ("not_imaged", "not_assessable", "surgically_altered", "reader_declined")
words = st.text(max_size=30) | st.sampled_from(
    [" outer blanks ", "a | b: c\\d", "two\nlines", "zero\0", "Größe; µ", "\\u0041"]
)
number = st.floats(0, 5, allow_subnormal=False)
share = st.floats(0, 1, allow_subnormal=False)
edge = st.floats(-50, 900, allow_nan=False).map(lambda v: v + 0.0)
uids = st.integers(1, 10**30).map(lambda n: f"2.25.{n}")
times = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
)
intervals = st.none() | st.tuples(number, number).map(lambda pair: (min(pair), max(pair)))


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    x0, y0 = draw(edge), draw(edge)
    return x0, y0, x0 + abs(draw(edge)), y0 + abs(draw(edge))


@st.composite
def items(draw: st.DrawFn, item: ScoreItem, spec: SystemSpec, images: list[str]) -> ScoreItem:
    """The same place with any grade, gap, origin and region."""
    image = draw(st.sampled_from([*images, None]))
    kept: dict[str, Any] = {
        "image": image,
        "region": draw(st.none() | boxes()) if image else None,
        "origin": draw(st.sampled_from(["model", "human", "rule", "prefill_confirmed"])),
    }
    if draw(st.booleans()):
        status = draw(st.sampled_from(GAPS))
        reason = draw(st.sampled_from(sorted(spec.reasons.values())))
        return ScoreItem(item.site, item.item, status, item.side, reason=reason, **kept)
    highest = spec.item(item.item).highest
    grade = draw(st.none() | st.integers(0, highest))
    value = draw(number.map(lambda v: min(v, float(highest))) if grade is None else st.none() | st.floats(0, highest))
    probabilities = draw(st.none() | st.lists(st.floats(0.01, 1), min_size=highest + 1, max_size=highest + 1))
    return ScoreItem(
        item.site,
        item.item,
        "scored",
        item.side,
        value=value,
        grade=grade,
        probabilities=tuple(p / sum(probabilities) for p in probabilities) if probabilities else (),
        certainty=draw(st.none() | share),
        interval=draw(intervals),
        **kept,
    )


@st.composite
def priors(draw: st.DrawFn) -> PriorResult:
    roles = st.sampled_from(["report", "heatmap", "report_page", "pdf"])
    forms = st.sampled_from(["comprehensive", "basic_text", ""])
    one = st.builds(PriorObject, roles, forms, uids, uids, uids)
    return PriorResult(draw(words), draw(uids), draw(times), tuple(draw(st.lists(one, max_size=3))))


@st.composite
def opinions(draw: st.DrawFn, spec: SystemSpec) -> SecondOpinion:
    ends = st.tuples(number, number).map(lambda pair: (min(pair), max(pair)))
    keys = st.sampled_from([total.key for total in spec.totals])
    one = st.builds(ComparedTotal, keys, number, ends, st.booleans())
    verdict = draw(st.sampled_from([AGREES, DIFFERS]))
    return SecondOpinion(
        draw(words), draw(words), draw(times), verdict, tuple(draw(st.lists(one, min_size=1, max_size=3)))
    )


@st.composite
def totals(draw: st.DrawFn, total: ScoreTotal, spec: SystemSpec) -> ScoreTotal:
    reason = draw(st.none() | st.sampled_from(sorted(spec.reasons.values())))
    grade = draw(st.none() | st.integers(0, int(total.highest)))
    value = draw(number if reason is None and grade is None else st.none() | number)
    planned = draw(st.integers(0, 62))
    assessed = draw(st.integers(0, planned))
    return replace(
        total, value=value, grade=grade, reason=reason, assessed=assessed, planned=planned, interval=draw(intervals)
    )


@st.composite
def any_result(draw: st.DrawFn) -> results.ResultForTests:
    """A hand of three sites on one of several images, with everything else drawn."""
    made = results.short()
    spec, result = made.spec, results.short().result
    uses = tuple(
        replace(
            use,
            content_sha256=draw(words),
            used=draw(st.booleans()),
            rule=draw(words),
            explanation=draw(words),
        )
        for use in draw(st.permutations(results.several_images().result.images))
    )
    images = [use.sop_instance_uid for use in uses]
    weights = st.builds(WeightUse, words, words, words, words, words, st.booleans())
    hands = st.builds(HandRegion, st.sampled_from(images), st.sampled_from(["L", "R"]), boxes(), share, st.booleans())
    graded = [draw(items(item, spec, images)) for item in draw(st.permutations(result.items))]
    summed = [draw(totals(total, spec)) for total in draw(st.permutations(result.totals))]
    reason = st.builds(NotEvaluable, st.sampled_from(sorted(spec.reasons.values())), words)
    drawn = ScoreResult(
        system=spec.key,
        system_version="1.0",
        kind=draw(st.sampled_from(["network", "rule", "form"])),
        preprocessing_version=draw(words),
        weights=tuple(draw(st.lists(weights, max_size=2))),
        weights_digest="c0ffee",
        statement=draw(words),
        engine=Engine("software 1", tuple(draw(st.lists(words, max_size=2))), draw(words)),
        study_instance_uid=result.study_instance_uid,
        images=uses,
        items=tuple(graded[: draw(st.integers(0, len(graded)))]),
        totals=tuple(summed[: draw(st.integers(0, len(summed)))]),
        missing_site_rule=draw(words),
        quality=result.quality,
        scored_at=draw(times),
        hands=tuple(draw(st.lists(hands, max_size=2))),
        heatmaps=tuple(Heatmap(i, draw(words), draw(words), draw(words)) for i in images[: draw(st.integers(0, 2))]),
        notes=tuple(note for note in draw(st.lists(words, max_size=2)) if note),
        not_evaluable=draw(st.none() | reason),
        forced=draw(st.booleans()),
        predecessor=draw(st.none() | priors()),
        baseline=draw(st.none() | priors()),
        second_opinions=tuple(draw(st.lists(opinions(spec), max_size=2, unique_by=lambda one: one.digest))),
        protocol=draw(st.none() | st.builds(ProtocolUse, words, words)),
    )
    return replace(made, result=drawn)


@st.composite
def any_pictured_result(draw: st.DrawFn) -> results.ResultForTests:
    """Pictures of nailfolds with any probability, measurement, gap and count, some of them not at all."""
    made = nailfolds.two_fingers()
    spec, result = made.spec, made.result
    read = [draw(_reading(item, spec)) for item in draw(st.permutations(result.items[:18]))]
    summed = [draw(_summary(total, spec)) for total in draw(st.permutations(result.totals[-20:]))]
    drawn = replace(
        result,
        items=tuple(read[: draw(st.integers(0, len(read)))]),
        totals=tuple(summed[: draw(st.integers(0, len(summed)))]),
        marks=tuple(Marks(marks.image, draw(words), draw(words)) for marks in result.marks),
    )
    return replace(made, result=drawn)


@st.composite
def _reading(draw: st.DrawFn, item: ScoreItem, spec: SystemSpec) -> ScoreItem:
    kind = spec.item(item.item)
    bare = replace(item, value=None, grade=None, probabilities=(), interval=None, reason=None, status="scored")
    if draw(st.booleans()):
        return replace(bare, status="not_assessable", reason=draw(st.sampled_from(sorted(spec.reasons.values()))))
    if kind.scale == "measurement":
        return replace(bare, value=draw(st.floats(0, kind.highest)), interval=draw(intervals))
    value = draw(share) if kind.expected_concept else None
    ends = draw(st.none() | st.tuples(share, share).map(lambda pair: (min(pair), max(pair)))) if value else None
    probabilities = draw(st.sampled_from([(), (1 - value, value)])) if value is not None else ()
    grade = draw(st.integers(0, 1))
    return replace(bare, value=value, grade=grade, probabilities=probabilities, interval=ends)


@st.composite
def _summary(draw: st.DrawFn, total: ScoreTotal, spec: SystemSpec) -> ScoreTotal:
    kind, planned = spec.total(total.key), draw(st.integers(0, 20))
    bare = replace(total, value=None, grade=None, rule=None, reason=None, planned=planned)
    bare = replace(bare, assessed=draw(st.integers(0, planned)))
    if draw(st.booleans()):
        return replace(bare, reason=draw(st.sampled_from(sorted(spec.reasons.values()))))
    if kind.holds_value:
        return replace(bare, value=draw(st.floats(0, kind.highest)), interval=draw(intervals))
    if not kind.categories:
        return replace(bare, grade=draw(st.integers(0, kind.highest)))
    return replace(bare, grade=draw(st.integers(1, 2)), rule=draw(st.sampled_from(sorted(spec.rules.values()))))


def report_alone(made: results.ResultForTests) -> Dataset:
    """The report through its file, without the pictures; checked as every report is."""
    refuse_invalid_result(made.result, made.spec)
    headers = {uid: source.header for uid, source in made.sources.items()}
    home = next(iter(headers.values()))
    report = measurement_report(made.result, made.spec, headers, home, Illustrations({}, None), "comprehensive")
    refuse_invalid_object(report)
    return dcmread(io.BytesIO(part10_file(report)))
