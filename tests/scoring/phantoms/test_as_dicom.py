"""Phantoms as DICOM: conformant, deterministic, and never to be mistaken for a patient."""

import subprocess

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_both_hands, draw_hand
from scoring.phantoms.truth import truth_rows, write_truth
from scoring.phantoms.write_phantoms import write_hand_phantoms

TRIAL = {
    "ClinicalTrialSponsorName": "Sponsor",
    "ClinicalTrialProtocolID": "PROTOCOL-1",
    "ClinicalTrialSubjectID": "0001",
    "ClinicalTrialTimePointID": "W52",
}


@pytest.fixture(scope="module")
def hand():
    return draw_hand(5, side="R", spacing_mm=0.5)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("sop_class", ["CR", "DX"])
@pytest.mark.parametrize("trial", [None, TRIAL])
def test_dciodvfy_finds_no_error(tmp_path, hand, sop_class, photometric, trial):
    path = tmp_path / "phantom.dcm"
    ds = hand_dataset(hand.pixels, hand.spacing_mm, "R", 5, sop_class=sop_class, photometric=photometric, trial=trial)
    ds.save_as(path, enforce_file_format=True)
    checked = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "Error" not in checked.stderr + checked.stdout, checked.stderr
    assert {"CR": "CRImage", "DX": "DXImageForPresentation"}[sop_class] in checked.stderr


def test_both_hands_say_both(tmp_path):
    pixels, spacing_mm, _ = draw_both_hands(2, spacing_mm=0.6)
    ds = hand_dataset(pixels, spacing_mm, "B", 2)
    ds.save_as(tmp_path / "both.dcm", enforce_file_format=True)
    checked = subprocess.run(["dciodvfy", str(tmp_path / "both.dcm")], capture_output=True, text=True, check=False)
    assert "Error" not in checked.stderr
    assert ds.ImageLaterality == "B"
    assert "Laterality" not in ds


def test_it_says_what_it_is(hand):
    ds = hand_dataset(hand.pixels, hand.spacing_mm, "R", 5)
    assert str(ds.PatientName).startswith("PHANTOM^")
    assert ds.PatientID == "PHANTOM-5"
    assert ds.ImageComments == "SYNTHETIC PHANTOM, NOT A PATIENT"
    assert (ds.BodyPartExamined, ds.ViewPosition, ds.Laterality) == ("HAND", "PA", "R")
    corner = np.rint(hand.pixels * 4095).astype(int)[-12:, :60]
    assert np.abs(ds.pixel_array.astype(int)[-12:, :60] - corner).max() > 400


def test_monochrome1_is_the_same_film_inverted(hand):
    bright, dark = (
        hand_dataset(hand.pixels, hand.spacing_mm, "R", 5, photometric=p).pixel_array.astype(int)
        for p in ("MONOCHROME2", "MONOCHROME1")
    )
    assert (bright + dark == 4095).all()


def test_writing_twice_gives_the_same_bytes_and_other_images_other_uids(tmp_path, hand):
    for name in ("a.dcm", "b.dcm"):
        hand_dataset(hand.pixels, hand.spacing_mm, "R", 5).save_as(tmp_path / name, enforce_file_format=True)
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    first = dcmread(tmp_path / "a.dcm", stop_before_pixels=True)
    second = hand_dataset(hand.pixels, hand.spacing_mm, "R", 5, instance_number=2)
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_truth_is_a_long_table(tmp_path, hand):
    write_truth(tmp_path / "truth.csv", truth_rows(hand, "PHANTOM-5", "1", "a.dcm"))
    lines = (tmp_path / "truth.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "subject,visit,image,side,site,item,value,status,x,y"
    assert len(lines) == 32
    x, y = hand.centres["IP1"]
    grade = hand.grades["IP1", "erosion"]
    assert lines[1] == f"PHANTOM-5,1,a.dcm,R,IP1,erosion,{grade},scored,{round(x, 2)},{round(y, 2)}"


@pytest.mark.parametrize(("dicom", "suffix"), [(True, ".dcm"), (False, ".png")])
def test_a_folder_of_phantoms_holds_each_image_and_one_truth(tmp_path, dicom, suffix):
    paths = list(write_hand_phantoms(tmp_path / "out", 2, 40, dicom=dicom))
    assert [p.name for p in paths] == [f"phantom-40{suffix}", f"phantom-41{suffix}", "truth.csv"]
    assert all(p.is_file() for p in paths)
    assert len((tmp_path / "out" / "truth.csv").read_text(encoding="utf-8").splitlines()) == 1 + 2 * 31
    if dicom:
        assert dcmread(paths[0]).PatientID == "PHANTOM-40"
    else:
        film = np.asarray(Image.open(paths[0]))
        np.testing.assert_allclose(film / 65535, draw_hand(40).pixels, atol=1e-4)
