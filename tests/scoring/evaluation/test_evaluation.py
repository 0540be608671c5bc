"""What an evaluation says of readings whose answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.evaluation import Evaluation, evaluate_comparison
from scoring.evaluation.evaluation_json import evaluation_json
from scoring.evaluation.evaluation_page import evaluation_page

GRADE = Scale("erosion", 5, whole=True)
SUM = Scale("sum of a hand", 140, whole=False, bands=(10, 40))
SITES = ("MCP2", "PIP3", "ULNA")


def row(patient: int, site: str, readings: dict[str, float], expected: float | None, **more: str) -> Compared:
    return Compared(
        patient=f"S{patient}", visit="1", image=f"i{patient}", item=more.get("item", "erosion"), site=site,
        group=site[:3], side="LR"[patient % 2], readings=readings, expected=expected,
        grade=None if expected is None else round(expected), reason=more.get("reason", ""),
        centre=more.get("centre", ""), device=more.get("device", ""),
    )  # fmt: skip


def comparison(*rows: Compared) -> Comparison:
    return Comparison(
        system="toy", version="1", weights_digest="ab" * 32, statement="a statement", measured_on="drawn <b>rows</b>",
        scales={"erosion": GRADE, "sum": SUM}, rows=rows, images=30, failures={"No hand was found": 2},
    )  # fmt: skip


def graded(spread: float, seed: int = 2) -> list[Compared]:
    """Thirty patients, three sites; two readers who differ by a grade now and then, and a system off by ``spread``."""
    chance, rows = np.random.default_rng(seed), []
    for patient in range(30):
        for site in SITES:
            true = int(chance.integers(0, 6))
            readings = {name: float(np.clip(true + chance.choice([-1, 0, 0, 1]), 0, 5)) for name in ("A", "B")}
            rows.append(row(patient, site, readings, float(np.clip(true + chance.normal(0, spread), 0, 5))))
    return rows


def measured(evaluation: Evaluation, key: str) -> float:
    [item] = evaluation.items
    return next(one.estimate.value for one in item.measured if one.measure.key == key) or 0.0


def test_perfect_agreement_is_one_and_damage_is_told() -> None:
    rows = [row(n, site, {"A": float(n % 6)}, float(n % 6)) for n in range(30) for site in SITES]
    found = evaluate_comparison(comparison(*rows), resamples=50)
    keys = ("quadratic_kappa", "accuracy", "sensitivity", "specificity", "balanced_accuracy")
    assert [measured(found, key) for key in keys] == [1.0] * 5
    assert measured(found, "mean_absolute_error") == 0.0


def test_sensitivity_and_specificity_are_of_damage() -> None:
    said = [(0, 0), (0, 1), (0, 0), (0, 0), (3, 2), (2, 0)]
    found = evaluate_comparison(
        comparison(*(row(n, "MCP2", {"A": t}, s) for n, (t, s) in enumerate(said))), resamples=9
    )
    assert measured(found, "specificity") == 0.75
    assert measured(found, "sensitivity") == 0.5


def test_what_the_system_did_not_give_is_counted_with_its_reason_and_never_graded() -> None:
    rows = [*graded(0.2), row(1, "MCP2", {"A": 4.0}, None, reason="outside the image")]
    [item] = evaluate_comparison(comparison(*rows), resamples=20).items
    assert (item.rows, item.not_given, item.reasons) == (91, 1, {"outside the image": 1})
    assert item.measured[0].estimate.rows == 90
    assert {(part.name, part.not_given) for part in item.parts if part.by == "site"} == {
        ("MCP2", 1), ("PIP3", 0), ("ULNA", 0),
    }  # fmt: skip


def test_parts_are_made_where_there_is_more_than_one() -> None:
    rows = [replace(one, centre="Leeds" if one.patient < "S2" else "Oslo") for one in graded(0.2)]
    [item] = evaluate_comparison(comparison(*rows), resamples=20).items
    assert {part.by for part in item.parts} == {"side", "joint group", "site", "centre", "score band"}
    assert sum(part.rows for part in item.parts if part.by == "centre") == item.rows
    band = next(part for part in item.parts if part.by == "score band")
    assert "quadratic_kappa" not in {one.measure.key for one in band.measured}, "it has no meaning where truth is one"


def test_score_bands_are_those_of_the_scale() -> None:
    sums = [row(n, "HAND", {"A": float(n * 4)}, n * 4.2, item="sum") for n in range(30)]
    [item] = evaluate_comparison(comparison(*sums), resamples=20).items
    bands = [(part.name, part.rows) for part in item.parts if part.by == "score band"]
    assert bands == [("0 to under 10", 3), ("10 to under 40", 7), ("40 to 140", 20)]


def test_score_bands_follow_each_other_however_their_edges_are_written() -> None:
    rows = comparison(
        *(row(n, "HAND", {"A": truth}, truth, item="sum") for n, truth in enumerate((12.0, 7.0, 1.0, 0.0)))
    )
    scales = {"sum": Scale("sum", 140, whole=False, bands=(0.5, 5, 10))}
    [item] = evaluate_comparison(replace(rows, scales=scales), resamples=9).items
    bands = [part.name for part in item.parts if part.by == "score band"]
    assert bands == ["0 to under 0.5", "0.5 to under 5", "5 to under 10", "10 to 140"]


@pytest.mark.parametrize(
    ("spread", "answer"), [(0.0, "better than they do"), (0.9, "cannot be told from"), (2.5, "less than they do")]
)
def test_whether_the_system_is_within_the_readers(spread: float, answer: str) -> None:
    found = evaluation_json(evaluate_comparison(comparison(*graded(spread)), resamples=300))
    beside = found["items"]["erosion"]["beside_readers"]
    assert answer in beside["sentence"], beside
    difference = beside["system"]["value"] - beside["between_readers"]["value"]
    assert beside["difference"]["value"] == pytest.approx(difference)


def test_one_reader_alone_has_nobody_to_be_compared_with() -> None:
    rows = [row(n, "MCP2", {"A": float(n % 4)}, float(n % 3)) for n in range(20)]
    assert evaluate_comparison(comparison(*rows), resamples=20).items[0].beside is None


def test_the_same_rows_give_the_same_numbers_and_page() -> None:
    one, other = (evaluate_comparison(comparison(*graded(0.5)), resamples=60) for _ in range(2))
    assert json.dumps(evaluation_json(one)) == json.dumps(evaluation_json(other))
    assert evaluation_page(one) == evaluation_page(other)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.asked: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1:] != ["style"]:
            self.text.append(data.strip())


def test_the_page_says_first_what_it_was_measured_on_and_needs_nothing_else() -> None:
    sums = [row(n, "HAND", {"A": float(n * 4)}, n * 4.2, item="sum") for n in range(30)]
    page = _Page()
    page.feed(evaluation_page(evaluate_comparison(comparison(*graded(0.4), *sums), resamples=40)))
    body = [line for line in page.text if not line.startswith("Evaluation of")]
    assert body[0] == "Measured on drawn <b>rows</b>."
    assert "a statement" in body
    assert "script" not in page.tags
    assert all(asked.startswith(("data:image/svg+xml;base64,", "#")) for asked in page.asked)
    assert len([asked for asked in page.asked if asked.startswith("data:")]) == 3


def test_a_measure_without_a_value_has_its_reason() -> None:
    rows = [row(n, "MCP2", {"A": 0.0}, 0.0) for n in range(5)]
    numbers = evaluation_json(evaluate_comparison(comparison(*rows), resamples=20))
    sensitivity = numbers["items"]["erosion"]["measures"]["sensitivity"]
    assert sensitivity["value"] is None
    assert sensitivity["reason"] == "No damaged site is among the rows."


def test_a_label_that_the_system_never_judged_has_a_reason_at_each_measure() -> None:
    rows = [row(n, "RING", {"A": 1.0}, None, item="giant", reason="too blurry") for n in range(5)]
    pictures = replace(comparison(*rows), scales={"giant": Scale("giant capillaries", 1, whole=True, presence=True)})
    measures = evaluation_json(evaluate_comparison(pictures, resamples=20))["items"]["giant"]["measures"]
    assert {one["value"] for one in measures.values()} == {None}
    assert measures["prevalence"]["reason"] == "No picture is among the rows."


def test_coverage_is_told_by_band_where_something_was_calibrated() -> None:
    """Given intervals that hold for small sums and never for large ones."""
    rows = [
        replace(row(n, "hand", {"A": float(n)}, n + 1.0, item="sum"), interval=(n, n + 3) if n < 40 else (n + 1, n + 3))
        for n in range(60)
    ]
    found = evaluate_comparison(comparison(*rows), resamples=50)
    assert measured(found, "coverage") == pytest.approx(40 / 60)
    told = evaluation_json(found)["items"]["sum"]["parts"]
    by_band = {part["name"]: part["measures"]["coverage"]["value"] for part in told if part["by"] == "score band"}
    assert list(by_band.values()) == [1.0, 1.0, 0.0]
    assert "truth in the 95 % interval" in evaluation_page(found)
    bare = evaluate_comparison(comparison(*(replace(one, interval=None) for one in rows)), resamples=50)
    assert "coverage" not in evaluation_json(bare)["items"]["sum"]["measures"]
