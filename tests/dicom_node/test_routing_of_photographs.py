"""Photographs of nailfolds and radiographs of hands never meet; each refusal says which attribute decided, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DermoscopicPhotographyImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    VLEndoscopicImageStorage,
    VLMicroscopicImageStorage,
    VLPhotographicImageStorage,
)

from dicom_node.local_files import read_local_file, studies_of
from dicom_node.photographs.pictured_finger import PicturedFinger
from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.routing import decide, judge_image
from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.score_rules.nail_units import ALL_NAIL_UNITS
from tests.dicom_node.photographs.phone_pictures import upright_jpeg
from tests.dicom_node.test_routing import HAND

NAILFOLD = find_spec("nailfold")
HANDS = [find_spec("hand_joints"), find_spec("svdh_hands")]
PHOTOGRAPH = replace(
    HAND,
    sop_class_uid=DermoscopicPhotographyImageStorage,
    modality="DMS",
    body_part="",
    view_position="",
    photometric_interpretation="YBR_FULL_422",
    region_code="770817006",
)
FORMS = [
    ("DMS", DermoscopicPhotographyImageStorage),
    ("XC", VLPhotographicImageStorage),
    ("GM", VLMicroscopicImageStorage),
    ("ES", VLEndoscopicImageStorage),
    ("OT", SecondaryCaptureImageStorage),
    ("XC", MultiFrameTrueColorSecondaryCaptureImageStorage),
]


@pytest.mark.parametrize(("modality", "sop_class"), FORMS)
def test_a_photograph_of_a_nail_unit_goes_to_nailfold_alone(modality: str, sop_class: str) -> None:
    photograph = replace(PHOTOGRAPH, modality=modality, sop_class_uid=sop_class)
    assert judge_image(NAILFOLD, photograph).accepted
    assert not any(judge_image(spec, photograph).accepted for spec in HANDS)


@pytest.mark.parametrize("unit", ALL_NAIL_UNITS, ids=lambda unit: unit.meaning)
def test_the_code_of_a_nail_unit_is_enough_whatever_it_is_called(unit: CodedConcept) -> None:
    assert judge_image(NAILFOLD, replace(PHOTOGRAPH, region_code=unit.value, body_part="NAGELEINHEIT")).accepted


@pytest.mark.parametrize(
    "words",
    [
        {"body_part": "FINGER"},
        {"body_part": "HAND"},
        {"series_description": "Nailfold_videocapillaroscopy, left"},
        {"study_description": "Kapillarmikroskopie"},
        {"protocol_name": "periungual"},
    ],
    ids=str,
)
def test_words_do_where_there_is_no_code(words: dict[str, str]) -> None:
    assert judge_image(NAILFOLD, replace(PHOTOGRAPH, region_code="", **words)).accepted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "attribute", "found"),
    [
        ({"modality": "CR", "sop_class_uid": ComputedRadiographyImageStorage}, "modality", "CR"),
        ({"modality": "RG"}, "modality", "RG"),
        ({"modality": "OT", "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2"}, "sop_class_uid", "1.2.840.10008"),
        ({"photometric_interpretation": "MONOCHROME2"}, "photometric_interpretation", "MONOCHROME2"),
        ({"frames": 40}, "frames", "40"),
        ({"columns": 100}, "columns", "100"),
        ({"body_part": "FOOT"}, "anatomy", "FOOT"),
        ({"series_description": "Mole of the left hand, Doe"}, "anatomy", "MOLE"),
        ({"region_code": "", "study_description": "Photographs of Jane Doe"}, "anatomy", "without any such word"),
        ({"region_code": ""}, "anatomy", ""),
    ],
    ids=str,
)
def test_a_refusal_names_the_attribute_and_no_person(change: dict[str, object], attribute: str, found: str) -> None:
    verdict = judge_image(NAILFOLD, replace(PHOTOGRAPH, **change))  # type: ignore[arg-type]
    assert (verdict.accepted, verdict.attribute) == (False, attribute)
    assert verdict.found.startswith(found)
    assert "DOE" not in verdict.sentence.upper()


def test_a_radiograph_of_a_hand_goes_to_the_hand_systems_alone() -> None:
    assert not judge_image(NAILFOLD, HAND).accepted
    assert all(judge_image(spec, HAND).accepted for spec in HANDS)
    exported = replace(HAND, modality="OT", sop_class_uid=SecondaryCaptureImageStorage)
    assert not judge_image(NAILFOLD, exported).accepted


@pytest.mark.parametrize("photographic", [False, True])
def test_what_wrap_makes_of_a_finger_is_accepted_and_a_picture_of_skin_is_not(
    tmp_path: Path, photographic: bool
) -> None:
    photo = upright_jpeg(tmp_path / "a.jpg")
    finger = {"a.jpg": PicturedFinger("R", "RING")}
    options = {"fingers": finger, "photographic": photographic}
    [path] = wrap_photos([photo], "nailfold", "P1", tmp_path / "nailfold", **options)  # type: ignore[arg-type]
    [skin] = wrap_photos([photo], "skin", "P1", tmp_path / "skin")
    assert accepted_by(path) == ["nailfold"]
    assert accepted_by(skin) == []


def accepted_by(path: Path) -> list[str]:
    [study] = studies_of([read_local_file(path)])
    return [decision.spec.key for decision in decide(study, [NAILFOLD, *HANDS]) if decision.accepts]
