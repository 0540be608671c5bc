"""Splits: no subject on two sides, bands and sizes as wished, the same from any order of rows, and back from a file."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import LabelError
from scoring.learning.cases import Case, cases_of_hands
from scoring.learning.read_hands import ReadHand
from scoring.learning.split import Split, read_split, write_split
from scoring.learning.splits import SCORE_BANDS, deal, folds, held_out

HASH = "ab" * 32


def _cohort(seed: int, subjects: int = 120, visits: int = 2) -> list[Case]:
    """Subjects of six centres; most scores low, as in early disease."""
    draw = random.Random(seed)
    cases = []
    for number in range(subjects):
        score = min(draw.expovariate(1 / 30), 250)
        centre = f"C{draw.randrange(6)}"
        cases += [Case(f"S{number:03}", score + visit, centre) for visit in range(draw.randint(1, visits))]
    return cases


_cases = st.lists(
    st.builds(Case, st.integers(0, 30).map("S{}".format), st.floats(0, 280), st.just("C")), min_size=2, max_size=60
)


@settings(deadline=None, max_examples=150)
@given(_cases, st.integers(2, 6), st.integers(0, 9), st.randoms())
def test_no_subject_is_on_two_sides_and_the_order_of_rows_is_irrelevant(
    cases: list[Case], parts: int, seed: int, order: random.Random
) -> None:
    subjects = {case.subject for case in cases}
    shares = {f"part {n}": 1 / parts for n in range(parts)}
    if len(subjects) < parts:
        with pytest.raises(LabelError, match="a part would be empty"):
            deal(cases, shares, HASH, seed, bands=())
        return
    try:
        split = deal(cases, shares, HASH, seed)
    except LabelError as error:
        assert "single class" in str(error)
        split = deal(cases, shares, HASH, seed, bands=())
    dealt = [subject for part in split.parts.values() for subject in part]
    assert len(dealt) == len(set(dealt))
    assert set(dealt) == subjects
    assert all(split.parts.values())
    order.shuffle(cases)
    assert deal(cases, shares, HASH, seed, bands=split.bands) == split


def _sizes(split: Split, cases: list[Case]) -> dict[str, int]:
    count = Counter(case.subject for case in cases)
    return {part: sum(count[subject] for subject in subjects) for part, subjects in split.parts.items()}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_sizes_are_near_the_wish(seed: int) -> None:
    cases = _cohort(seed)
    assert abs(_sizes(held_out(cases, HASH, seed), cases)["held_out"] - 0.2 * len(cases)) <= 4
    sizes = _sizes(folds(cases, HASH, seed, 5), cases).values()
    assert max(sizes) - min(sizes) <= 4


def _imbalance(split: Split, cases: list[Case]) -> float:
    """Sum over parts and bands of the distance between the share of cases held and the share wished.

    Less what no split can avoid: of n cases in k parts, n mod k parts must hold one more than the others.
    """
    band = {case: bisect_right(SCORE_BANDS, case.score) for case in cases}
    whole = Counter(band.values())
    number = len(split.parts)
    share = 1 / number
    unavoidable = sum(2 * (n % number) * (1 - (n % number) / number) / n for n in whole.values())
    found = sum(
        abs(sum(1 for case in cases if case.subject in part and band[case] == one) / whole[one] - share)
        for part in split.parts.values()
        for one in whole
    )
    return found - unavoidable


def test_few_cases_are_not_spread_over_more_bands_than_they_fill() -> None:
    """Of ten scores in seven bands both held-out ones would be of the one band that has several."""
    cases = [Case(f"S{n}", score) for n, score in enumerate([0, 6, 16, 20, 24, 28, 34, 80, 152, 180])]
    for seed in range(5):
        split = held_out(cases, HASH, seed)
        low, high = (case.score for case in sorted(cases) if case.subject in split.parts["held_out"])
        assert min(low, high) < split.bands[0] <= max(low, high)


def test_a_handful_of_cases_is_dealt_by_size_alone() -> None:
    split = held_out([Case(f"S{n}", 20.0 * n) for n in range(5)], HASH, 7)
    assert [len(part) for part in split.parts.values()] == [4, 1]
    assert not split.bands


def test_bands_are_balanced_better_than_by_chance() -> None:
    dealt, chance = [], []
    for seed in range(20):
        cases = _cohort(seed)
        dealt.append(_imbalance(folds(cases, HASH, seed, 5), cases))
        subjects = sorted({case.subject for case in cases})
        random.Random(seed).shuffle(subjects)
        by_chance = {f"fold {n}": tuple(subjects[n::5]) for n in range(5)}
        chance.append(_imbalance(Split(by_chance, seed, "subject", SCORE_BANDS, HASH), cases))
    assert all(ours < random_one for ours, random_one in zip(dealt, chance, strict=True))
    assert sum(dealt) < 0.25 * sum(chance)


def test_a_split_is_the_same_on_every_machine() -> None:
    split = folds(_few(), HASH, 7, 3)
    assert split.parts == {
        "fold 1": ("S0", "S11", "S5", "S6"),
        "fold 2": ("S1", "S2", "S3", "S8"),
        "fold 3": ("S10", "S4", "S7", "S9"),
    }
    assert split.others("fold 1") == tuple(sorted(split.parts["fold 2"] + split.parts["fold 3"]))
    assert folds(_few(), HASH, 8, 3).parts != split.parts


def _few() -> list[Case]:
    return [Case(f"S{n}", 15.0 * (n % 4), f"C{n % 3}") for n in range(12)]


def test_whole_centres_stay_together() -> None:
    cases = _cohort(3)
    split = folds(cases, HASH, 1, 3, grouped_by="centre")
    of_centres = [{case.centre for case in cases if case.subject in part} for part in split.parts.values()]
    assert sum(map(len, of_centres)) == len(set.union(*of_centres)) == 6


@pytest.mark.parametrize(
    ("case", "said"),
    [(Case("S1", 3, ""), "1 visits have no centre"), (Case("S1", 3, "C9"), "1 subjects are of more than one centre")],
)
def test_a_subject_without_one_centre_is_refused(case: Case, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        folds([*_few(), case], HASH, 1, 3, grouped_by="centre")


def test_a_single_class_a_share_and_a_number_that_cannot_be_are_refused() -> None:
    with pytest.raises(LabelError, match="'training' holds scores of a single class"):
        held_out([Case(f"S{n}", 0) for n in range(10)], HASH, 1)
    with pytest.raises(LabelError, match="share is 1; wanted"):
        held_out(_few(), HASH, 1, share=1)
    with pytest.raises(LabelError, match="1 folds"):
        folds(_few(), HASH, 1, 1)


def test_a_split_comes_back_from_its_file_and_only_for_its_readings(tmp_path: Path) -> None:
    path, split = tmp_path / "split.json", held_out(_few(), HASH, 7)
    write_split(path, split)
    assert read_split(path, HASH) == split
    with pytest.raises(LabelError, match="made from readings abababababab, these are cd"):
        read_split(path, "cd" * 32)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": "rheumascore split 1", "grouped_by": "subject"}'])
def test_a_file_that_is_no_split_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(LabelError, match="cannot be read as a split"):
        read_split(tmp_path / "split.json", HASH)


def test_an_edited_file_with_a_subject_on_both_sides_is_refused(tmp_path: Path) -> None:
    path, split = tmp_path / "split.json", held_out(_few(), HASH, 7)
    write_split(path, split)
    moved, other = split.parts["held_out"][0], split.parts["training"][0]
    path.write_text(path.read_text().replace(f'"{other}"', f'"{moved}"'))
    with pytest.raises(LabelError, match="'held_out' is in 'training' too"):
        read_split(path, HASH)
    with pytest.raises(LabelError, match="'b' of the split is empty"):
        Split({"a": ("S1",), "b": ()}, 1, "subject", (), HASH)


def test_a_case_is_a_visit_with_the_score_of_both_hands() -> None:
    right = ReadHand("S", "r", "R", {("MCP2", "erosion"): 1.0, ("MCP3", "erosion"): 0.0}, {}, visit="1", centre="C")
    left = ReadHand("S", "l", "L", {}, {}, total=20.0, visit="1", centre="C")
    bare = ReadHand("T", "t", "L", {}, {}, visit="1")
    assert cases_of_hands([left, right, bare]) == (Case("S", 15.5 + 20.0, "C"),)


def test_a_small_part_of_few_subjects_is_not_left_empty() -> None:
    two = [Case("S1", 5), Case("S2", 50)]
    split = deal(two, {"training": 0.8, "held_out": 0.2}, HASH, 1, bands=())
    assert all(len(subjects) == 1 for subjects in split.parts.values())
