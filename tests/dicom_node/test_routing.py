"""Every image gets a verdict from every system; every no has the attribute that decided; choices follow named rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicom_node.routing import decide, job_key, judge_image
from scoring.catalogue import find_spec
from scoring.study import ImageReference, Study, TrialContext

SPEC = find_spec("hand_joints")
HAND = ImageReference(
    sop_instance_uid="1.1",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
    series_instance_uid="1.2",
    study_instance_uid="1.3",
    content_sha256="aa",
    transfer_syntax_uid="1.2.840.10008.1.2.1",
    modality="CR",
    body_part="HAND",
    view_position="PA",
    laterality="L",
    photometric_interpretation="MONOCHROME2",
    for_processing=False,
    image_type=("ORIGINAL", "PRIMARY"),
    rows=2000,
    columns=1500,
    frames=1,
    series_description="",
    study_description="",
    protocol_name="",
    series_number=1,
    instance_number=1,
    acquired_at="20260101100000",
    manufacturer="",
)


def study(*images: ImageReference) -> Study:
    return Study("1.3", images, TrialContext())


def rules(*images: ImageReference) -> dict[str, tuple[bool, str]]:
    [decision] = decide(study(*images), [SPEC])
    return {c.image.sop_instance_uid: (c.used, c.rule) for c in decision.choices}


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        ({"modality": "MR"}, "modality"),
        ({"modality": ""}, "modality"),
        ({"photometric_interpretation": "RGB"}, "photometric_interpretation"),
        ({"frames": 2}, "frames"),
        ({"rows": 100}, "rows"),
        ({"rows": 0}, "rows"),
        ({"body_part": "CHEST"}, "body_part"),
        ({"series_description": "KNEE AP"}, "descriptions"),
        ({"body_part": "", "study_description": "Pelvis, survey"}, "descriptions"),
    ],
)
def test_a_no_names_the_attribute_that_decided(change: dict[str, object], attribute: str) -> None:
    verdict = judge_image(SPEC, replace(HAND, **change))  # type: ignore[arg-type]
    assert (verdict.accepted, verdict.attribute) == (False, attribute)
    assert verdict.allowed and verdict.because
    assert attribute in verdict.sentence


@pytest.mark.parametrize(
    "change", [{}, {"body_part": ""}, {"modality": "DX"}, {"photometric_interpretation": "MONOCHROME1"}]
)
def test_real_life_headers_are_accepted(change: dict[str, object]) -> None:
    assert judge_image(SPEC, replace(HAND, **change)).accepted  # type: ignore[arg-type]


def test_an_image_that_a_system_does_not_accept_is_none_of_its_choices() -> None:
    knee = replace(HAND, sop_instance_uid="1.9", series_description="KNEE AP")
    assert rules(HAND, knee) == rules(HAND)
    [of_knees] = decide(study(knee), [SPEC])
    assert not of_knees.accepts


def test_a_description_is_never_quoted() -> None:
    verdict = judge_image(SPEC, replace(HAND, series_description="KNEE OF JOHN DOE"))
    assert verdict.found == "KNEE"
    assert "DOE" not in verdict.sentence


def test_what_a_hostile_header_holds_is_clipped() -> None:
    verdict = judge_image(SPEC, replace(HAND, modality="X" * 10_000))
    assert (verdict.attribute, len(verdict.found)) == ("modality", 64)


def test_one_image_of_a_series_does_not_speak_for_the_others() -> None:
    [decision] = decide(study(replace(HAND, sop_instance_uid="1.9", body_part="FOOT"), HAND), [SPEC])
    assert [v.accepted for v in decision.verdicts] == [False, True]
    assert decision.accepts


def test_of_repeat_exposures_the_latest_counts() -> None:
    later = replace(HAND, sop_instance_uid="1.2", acquired_at="20260101100500")
    other = replace(HAND, sop_instance_uid="1.3", laterality="R")
    assert rules(HAND, later, other) == {
        "1.1": (False, "repeat_exposure"),
        "1.2": (True, "one_frontal_per_side"),
        "1.3": (True, "one_frontal_per_side"),
    }


def test_the_processing_twin_and_the_oblique_view_are_left_out() -> None:
    twin = replace(HAND, sop_instance_uid="1.2", for_processing=True, acquired_at="20260101120000")
    oblique = replace(HAND, sop_instance_uid="1.3", series_description="HAND OBLIQUE", acquired_at="20260101130000")
    assert rules(HAND, twin, oblique) == {
        "1.1": (True, "one_frontal_per_side"),
        "1.2": (False, "processing_twin"),
        "1.3": (False, "oblique_view"),
    }


def test_a_lonely_processing_image_is_scored_and_says_so() -> None:
    assert rules(replace(HAND, for_processing=True)) == {"1.1": (True, "only_for_processing")}


def test_only_oblique_views_are_a_no_with_its_reason() -> None:
    [decision] = decide(study(replace(HAND, view_position="LLO")), [SPEC])
    assert not decision.accepts
    assert "oblique" in decision.reason


def test_images_that_declare_no_side_are_all_scored() -> None:
    unknown = [replace(HAND, sop_instance_uid=f"1.{n}", laterality="") for n in (1, 2)]
    assert all(used for used, _ in rules(*unknown).values())


def test_the_same_images_are_the_same_job_and_others_are_not() -> None:
    other = replace(HAND, sop_instance_uid="1.2", content_sha256="bb", laterality="R")
    one, again, both, changed = (
        job_key(s, decide(s, [SPEC])[0])
        for s in (study(HAND), study(HAND), study(HAND, other), study(replace(HAND, content_sha256="cc")))
    )
    assert one == again
    assert len({one, both, changed}) == 3


def test_an_empty_study_has_a_reason() -> None:
    [decision] = decide(study(), [SPEC])
    assert decision.reason == "the study holds no image"
