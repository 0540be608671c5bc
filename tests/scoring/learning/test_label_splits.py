"""Splits by label: no subject on two sides, every part with its share of every label, from any order of rows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import LabelError
from scoring.learning.label_splits import LabelledCase, deal_labels

HASH = "ab" * 32
SHARES = {"held_out": 0.2, **{f"fold {n}": 0.16 for n in range(1, 6)}}
PREVALENCE = {"giant": 0.3, "low_density": 0.35, "rare": 0.06, "too_blurry": 0.25}


def cohort(seed: int, subjects: int = 120) -> list[LabelledCase]:
    """Subjects of one to sixteen pictures; what one has on one picture it tends to have on all."""
    draw = random.Random(seed)
    cases = []
    for number in range(subjects):
        ill = {label: draw.random() < share for label, share in PREVALENCE.items()}
        for _ in range(draw.randint(1, 16)):
            labels = {
                label: has if draw.random() < 0.8 else not has for label, has in ill.items() if draw.random() < 0.9
            }
            cases.append(LabelledCase(f"S{number:03}", labels))
    return cases


_cases = st.lists(
    st.builds(
        LabelledCase,
        st.integers(0, 30).map("S{}".format),
        st.dictionaries(st.sampled_from(sorted(PREVALENCE)), st.booleans()),
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None, max_examples=100)
@given(_cases, st.integers(0, 9), st.randoms())
def test_no_subject_is_on_two_sides_and_the_order_of_rows_is_irrelevant(
    cases: list[LabelledCase], seed: int, order: random.Random
) -> None:
    try:
        split = deal_labels(cases, {"a": 0.75, "b": 0.25}, HASH, seed)
    except LabelError as error:
        assert "a part would be empty" in str(error) or "nothing can be told apart" in str(error)
        return
    dealt = [subject for part in split.parts.values() for subject in part]
    assert sorted(dealt) == sorted({case.subject for case in cases})
    order.shuffle(cases)
    assert deal_labels(cases, {"a": 0.75, "b": 0.25}, HASH, seed) == split


@pytest.mark.parametrize("seed", range(4))
def test_every_part_has_its_share_of_every_label(seed: int) -> None:
    """Within a third of it for the rarest label, whose patients are few; nearer for the others and for size."""
    cases = cohort(seed)
    split = deal_labels(cases, SHARES, HASH, seed)
    for part, subjects in split.parts.items():
        own = [case for case in cases if case.subject in set(subjects)]
        assert len(own) == pytest.approx(SHARES[part] * len(cases), rel=0.15)
        for label in PREVALENCE:
            whole = sum(case.labels.get(label, False) for case in cases)
            assert sum(case.labels.get(label, False) for case in own) == pytest.approx(SHARES[part] * whole, rel=0.33)


@pytest.mark.parametrize(("label", "always"), [(True, "always"), (False, "never")])
def test_a_part_in_which_a_label_never_varies_is_refused(label: bool, always: str) -> None:
    cases = [LabelledCase(f"S{n}", {"giant": label, "too_blurry": bool(n % 2)}) for n in range(20)]
    with pytest.raises(LabelError, match=f"the label 'giant' is {always} present, so nothing can be told apart"):
        deal_labels(cases, {"a": 0.5, "b": 0.5}, HASH, 1)


def test_fewer_subjects_than_parts_are_refused() -> None:
    cases = [LabelledCase("S1", {"giant": True}), LabelledCase("S1", {"giant": False})]
    with pytest.raises(LabelError, match="There are 1 subjects with a label for 2 parts"):
        deal_labels(cases, {"a": 0.5, "b": 0.5}, HASH, 1)
