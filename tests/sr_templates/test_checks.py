"""What is refused before anything is sent, and that the message names it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from scoring.result import NotEvaluable, ScoreResult
from sr_templates import codes
from sr_templates.errors import InvalidObjectError, InvalidResultError, SourceMismatchError
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.result_objects import write_result_objects
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of


def one_of(role: str) -> Dataset:
    return dcmread(io.BytesIO(next(o.content for o in objects_of(results.one_hand) if o.role == role)))


def measurements(report: Dataset) -> Dataset:
    return next(i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010")


def first_group(report: Dataset) -> Dataset:
    return next(i for i in measurements(report).ContentSequence if i.ValueType == "CONTAINER")


def without(keyword: str) -> Callable[[Dataset], None]:
    return lambda dataset: dataset.__delattr__(keyword)


def with_value(keyword: str, value: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        old = dataset[keyword]
        dataset.add(DataElement(old.tag, old.VR, value, validation_mode=config.IGNORE))

    return change


def without_region(report: Dataset) -> None:
    group = first_group(report)
    group.ContentSequence = [i for i in group.ContentSequence if i.ValueType != "SCOORD"]


def with_empty_number(report: Dataset) -> None:
    number = next(i for i in first_group(report).ContentSequence if i.ValueType == "NUM")
    number.MeasuredValueSequence = []


def with_foreign_reference(report: Dataset) -> None:
    item = next(i for i in first_group(report).ContentSequence if i.ValueType == "IMAGE")
    item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"


def with_one_tracking_uid(report: Dataset) -> None:
    groups = [i for i in measurements(report).ContentSequence if i.ValueType == "CONTAINER"]
    uids = [i for g in groups for i in g.ContentSequence if i.ValueType == "UIDREF"]
    uids[1].UID = uids[0].UID


def with_wrong_relation(report: Dataset) -> None:
    first_group(report).ContentSequence[0].RelationshipType = "SELECTED FROM"


@pytest.mark.parametrize(
    ("role", "change", "said"),
    [
        ("report", without("CompletionFlag"), "CompletionFlag is missing"),
        ("report", without("PatientName"), "PatientName is missing"),
        ("report", with_value("VerificationFlag", "VERIFIED"), "VerificationFlag must be UNVERIFIED"),
        ("report", with_value("SeriesInstanceUID", "1.2.03"), "SeriesInstanceUID \\(UI\\) is not valid"),
        ("report", with_value("SeriesDescription", "x" * 65), "SeriesDescription"),
        ("report", with_value("ContentDate", "20261301"), "ContentDate"),
        ("report", without_region, "Image Region"),
        ("report", with_empty_number, "has no value"),
        ("report", with_foreign_reference, "evidence does not list"),
        ("report", with_one_tracking_uid, "used twice"),
        ("report", with_wrong_relation, "not allowed"),
        ("heatmap", without("ConversionType"), "ConversionType is missing"),
        ("heatmap", with_value("PixelData", b"\0\0"), "PixelData holds 2 bytes"),
        ("heatmap", with_value("Rows", [1, 2]), "Rows has 2 values"),
        ("report_page", with_value("SpecificCharacterSet", "ISO_IR 100"), "SpecificCharacterSet must be ISO_IR 192"),
        ("report_page", with_value("SOPClassUID", "1.2.840.10008.1.1"), "not one that is written here"),
    ],
)
def test_an_invalid_object_is_refused(role: str, change: Callable[[Dataset], None], said: str) -> None:
    dataset = one_of(role)
    refuse_invalid_object(dataset)
    change(dataset)
    with pytest.raises(InvalidObjectError, match=said):
        refuse_invalid_object(dataset)


def first_item(**changes: object) -> Callable[[ScoreResult], ScoreResult]:
    return lambda result: replace(
        result,
        items=(replace(result.items[0], **changes), *result.items[1:]),  # type: ignore[arg-type]  # wrong on purpose
    )


def withdrawing(result: ScoreResult) -> ScoreResult:
    """Takes itself back, but still holds its grades."""
    reason = NotEvaluable(codes.WITHDRAWN, "wrong")
    return replace(result, withdraws=True, not_evaluable=reason, predecessor=result.as_prior(()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (first_item(site="MTP1"), "'MTP1' is not in the spec"),
        (first_item(item="narrowing"), "plans no such grade"),
        (first_item(grade=6), "6 is out of range"),
        (first_item(value=-0.1), "-0.1 is out of range"),
        (first_item(value=float("nan")), "nan is out of range"),
        (first_item(certainty=1.2), "certainty is 1.2"),
        (first_item(value=None, grade=None), "has no number"),
        (first_item(status="not_assessable"), "must have a coded reason"),
        (first_item(certainty=float("nan")), "R.IP1.erosion: certainty is nan"),
        (first_item(interval=(2.0, 1.0)), "out of order"),
        (first_item(interval=(0.0, float("inf"))), "not finite"),
        (first_item(probabilities=(0.5, 0.5)), "2 probabilities for the grades 0 to 5"),
        (first_item(probabilities=(0.5, 0.4, 0.0, 0.0, 0.0, 0.0)), "sum to 0.9"),
        (first_item(probabilities=(1.5, -0.5, 0.0, 0.0, 0.0, 0.0)), "probability is 1.5"),
        (first_item(probabilities=(float("nan"),) * 6), "probability is nan"),
        (first_item(reason=results.hand_spec().reasons["uncertain"]), "has a reason"),
        (first_item(image="2.25.404"), "R.IP1.erosion: its image is not among the images"),
        (first_item(image=None), "has a region but no image"),
        (first_item(region=(5.0, 0.0, 1.0, 2.0)), "is not x0, y0, x1, y1"),
        (lambda r: replace(r, hands=(replace(r.hands[0], image="2.25.404"),)), "the R hand: its image"),
        (lambda r: replace(r, hands=(replace(r.hands[0], side_certainty=float("nan")),)), "side certainty is nan"),
        (lambda r: replace(r, heatmaps=(replace(r.heatmaps[0], image="2.25.404"),)), "a heatmap: its image"),
        (lambda r: replace(r, images=(*r.images, r.images[0])), "image 2.25.11 is in the result twice"),
        (lambda r: replace(r, totals=(r.totals[0], r.totals[0])), "total svdh.erosion.R is in the result twice"),
        (lambda r: replace(r, totals=(replace(r.totals[0], interval=(3.0, 1.0)),)), "out of order"),
        (lambda r: replace(r, totals=(replace(r.totals[0], highest=7.0),)), "another side or range"),
        (lambda r: replace(r, withdraws=True), "WITHDRAWN"),
        (lambda r: replace(r, not_evaluable=NotEvaluable(codes.WITHDRAWN, "wrong")), "WITHDRAWN"),
        (lambda r: replace(withdrawing(r), predecessor=None), "names no predecessor"),
        (lambda r: withdrawing(r), "no grade and no total"),
        (lambda r: replace(r, items=(r.items[0], r.items[0])), "twice"),
        (lambda r: replace(r, totals=(replace(r.totals[0], key="svdh.feet"),)), "svdh.feet"),
        (lambda r: replace(r, totals=(replace(r.totals[0], assessed=99),)), "99 of 16"),
        (lambda r: replace(r, images=()), "names no image"),
        (lambda r: replace(r, system="nailfold"), "'nailfold'"),
        (lambda r: replace(r, scored_at="yesterday"), "wanted UTC"),
    ],
)
def test_an_invalid_result_is_refused(change: Callable[[ScoreResult], ScoreResult], said: str) -> None:
    made = results.two_hands()
    with pytest.raises(InvalidResultError, match=said):
        write_result_objects(change(made.result), made.spec, made.sources, made.arrays, "comprehensive")


def test_missing_sources_and_arrays_are_named() -> None:
    made = results.two_hands()
    with pytest.raises(SourceMismatchError, match="No source image"):
        write_result_objects(made.result, made.spec, {}, made.arrays, "comprehensive")
    with pytest.raises(SourceMismatchError, match="stored array"):
        write_result_objects(made.result, made.spec, made.sources, {}, "comprehensive")
