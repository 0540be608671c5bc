"""A stored result reads back equal, and anything else is refused with the place named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.coded_concept import CodedConcept
from scoring.errors import ResultError
from scoring.result import Engine, Marks, ProtocolUse, ScoreItem, ScoreResult, ScoreTotal, WeightUse

QUALITY = CodedConcept("RID12", "RADLEX", "Diagnostic quality")
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
items = st.builds(
    ScoreItem,
    site=st.sampled_from(["MCP2", "RC"]),
    item=st.sampled_from(["erosion", "narrowing"]),
    status=st.sampled_from(["scored", "not_imaged", "not_assessable"]),
    side=st.sampled_from(["L", "R", None]),
    value=st.none() | finite,
    grade=st.none() | st.integers(0, 5),
    probabilities=st.lists(finite, max_size=6).map(tuple),
    reason=st.none() | st.builds(CodedConcept, st.text(max_size=16), st.text(max_size=16), st.text(max_size=64)),
    region=st.none() | st.tuples(finite, finite, finite, finite),
    picture=st.none() | st.integers(1, 20),
)


def result(**changes: object) -> ScoreResult:
    values: dict[str, object] = {
        "system": "toy",
        "system_version": "1",
        "kind": "network",
        "preprocessing_version": "1",
        "weights": (WeightUse("grader", "g.safetensors", "ab" * 32, "CC0", "phantoms", True),),
        "weights_digest": "cd" * 32,
        "statement": "for research use only",
        "engine": Engine("rheumascore 0", ("numpy 2",), "cpu"),
        "study_instance_uid": "1.2.3",
        "images": (),
        "items": (),
        "totals": (ScoreTotal("t", None, 1.5, 1, 1, 2, 10.0),),
        "missing_site_rule": "none",
        "quality": QUALITY,
        "scored_at": "2026-01-02T03:04:05Z",
    }
    return ScoreResult(**(values | changes))  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(items, max_size=5).map(tuple))
def test_json_round_trip_is_equal(some: tuple[ScoreItem, ...]) -> None:
    stored = result(items=some)
    again = ScoreResult.from_json(stored.to_json())
    assert again == stored
    assert again.digest == stored.digest


def test_a_result_is_stored_by_the_lowest_schema_that_can_say_it() -> None:
    """Given results with and without what later schemas brought; then what the earlier ones say keeps its digest."""
    item = ScoreItem("RING", "giant", "scored", "R", 0.9, 1)
    plain, numbered = result(items=(item,)), result(items=(replace(item, picture=1),))
    marked = result(marks=(Marks("1.2.3.4", "ab" * 32, "capillary loops"),))
    ruled = result(totals=(ScoreTotal("t", None, None, 1, 1, 2, 2.0, rule=QUALITY),))
    asked = replace(marked, protocol=ProtocolUse("SSC-204", "ef" * 32))
    assert [r.schema_version for r in (plain, numbered, marked, ruled, asked)] == [2, 4, 4, 4, 5]
    assert plain.digest == "b40e91a9694f49cdf08f8bd771dba8674aab08df5d650a0444bfe0d08993d934"
    assert '"protocol":' not in marked.to_json()
    for key in ("picture", "marks", "rule", "protocol"):
        assert f'"{key}":' not in plain.to_json()
    for stored in (numbered, marked, ruled, asked):
        assert ScoreResult.from_json(stored.to_json()) == stored
    assert (item.key, numbered.items[0].key) == ("R.RING.giant", "R.RING.1.giant")


def test_other_content_has_another_digest() -> None:
    assert result().digest != result(scored_at="2026-01-02T03:04:06Z").digest
    assert result().succeeding(result(forced=True).as_prior(())).digest != result().digest


def test_a_number_that_is_not_finite_is_never_stored() -> None:
    with pytest.raises(ResultError, match="not finite"):
        result(totals=(ScoreTotal("t", None, float("nan"), 1, 1, 2, 10.0),)).to_json()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"images": "x"}, "result.images"),
        ({"kind": "magic"}, "result.kind"),
        ({"surprise": 1}, "surprise"),
        ({"totals": [{"key": 3}]}, r"result.totals\[0\]"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, object], named: str) -> None:
    raw = json.loads(result().to_json()) | change
    with pytest.raises(ResultError, match=named):
        ScoreResult.from_json(json.dumps(raw))


def test_another_schema_version_is_refused() -> None:
    raw = json.loads(result().to_json()) | {"schema_version": 99}
    with pytest.raises(ResultError, match=r"schema 99; this software reads 2"):
        ScoreResult.from_json(json.dumps(raw))
