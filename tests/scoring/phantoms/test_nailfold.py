"""Nailfold phantoms: one patient's fingers have one look, and what the truth says is in the picture."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps
from pydicom import dcmread
from typer.testing import CliRunner

from scoring.cli import build_app
from scoring.errors import LabelError
from scoring.learning.label import NAILFOLD_SITES
from scoring.learning.label_table import read_label_table
from scoring.phantoms.nailfold.as_dicom import nailfold_dataset
from scoring.phantoms.nailfold.fold import BREADTH_UM, draw_fold
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import NailfoldPatient, draw_patient
from scoring.phantoms.nailfold.pattern import PATTERNS
from scoring.phantoms.nailfold.phone_file import OWNER, phone_jpeg, stamped
from scoring.phantoms.nailfold.truth import label_rows
from scoring.phantoms.nailfold.vessel import Vessel, blood_thickness
from scoring.score_rules.nailfold_labels import FEATURES, NORMAL_SHAPES, labels_of_picture
from tests.judges.dicom3tools import iod_errors

NORMAL, NON_SPECIFIC, EARLY, ACTIVE, LATE = PATTERNS


def clear(patient: NailfoldPatient) -> NailfoldPatient:
    """The same patient under a lens without border, noise and shine."""
    return replace(patient, lens=replace(patient.lens, dark_border=float("inf"), noise=0.0, vignetting=0.0))


def sharp(patient: NailfoldPatient, finger: str = "RING", columns: int = 256) -> NailfoldPhantom:
    return draw_nailfold(patient, "R", finger, columns=columns, too_blurry=False)  # type: ignore[arg-type]


def test_the_same_seed_draws_the_same_picture_and_another_another() -> None:
    first, again, other = (sharp(draw_patient(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.labels == again.labels
    assert not np.array_equal(first.pixels, other.pixels)


def test_a_finer_picture_shows_the_same_fold() -> None:
    # given one picture at two sizes
    coarse, fine = (sharp(clear(draw_patient(5)), columns=columns) for columns in (224, 448))
    # then the truth is one, and the finer made small is the coarse
    assert [c.u for c in coarse.capillaries] == [c.u for c in fine.capillaries]
    assert coarse.labels == fine.labels
    assert fine.visible_row_mm == pytest.approx(coarse.visible_row_mm, abs=0.01)
    small = Image.fromarray(fine.pixels).resize((224, 168), Image.Resampling.BOX)
    greys = [
        np.asarray(image.convert("L").resize((28, 21)), float) for image in (small, Image.fromarray(coarse.pixels))
    ]
    assert np.corrcoef(greys[0].ravel(), greys[1].ravel())[0, 1] > 0.9


def test_fingers_of_a_patient_share_pattern_tone_and_lens_but_not_capillaries() -> None:
    patient = draw_patient(6)
    ring, index = sharp(patient), sharp(patient, "INDEX")
    assert ring.view.um_per_px == index.view.um_per_px
    assert [c.u for c in ring.fold.capillaries] != [c.u for c in index.fold.capillaries]
    hues = [picture.pixels.reshape(-1, 3).mean(axis=0) for picture in (ring, index)]
    assert np.abs(hues[0] - hues[1]).max() < 30


@pytest.mark.parametrize("tone", [1.5, 5.0, 9.0])
def test_blood_is_where_the_truth_has_an_apex(tone: float) -> None:
    """Red light passes blood and green does not: each apex is redder than skin beside it."""
    redder = []
    for seed in range(4):
        picture = sharp(clear(draw_patient(seed, ACTIVE, tone)), columns=384)
        values = picture.pixels.astype(float)
        redness = values[..., 0] / (values[..., 1] + 1)
        for capillary in picture.capillaries:
            u, v = capillary.u, capillary.v + capillary.diameter_um / 2
            (x, y), (side_x, side_y) = np.rint(
                picture.view.to_pixels(np.array(((u, v), (u + capillary.diameter_um + 40, v))))
            ).astype(int)
            if min(x, y, side_x, side_y) >= 0 and max(x, side_x) < 384 and max(y, side_y) < 288:
                redder.append(redness[y, x] > redness[side_y, side_x])
    assert len(redder) > 12
    assert np.mean(redder) > 0.85


@pytest.mark.parametrize("diameter_um", [12.0, 60.0])
def test_a_vessel_is_as_wide_and_as_thick_as_it_says(diameter_um: float) -> None:
    # given a straight vessel across a picture of 3 micrometres a pixel
    across = np.stack((np.linspace(-10, 110, 40), np.full(40, 50.3)), axis=1)
    vessel = Vessel(across, np.full(40, diameter_um / 2 / 3), np.ones(40))
    # when its blood is measured down a column
    column = blood_thickness([vessel], (100, 100), 3.0)[:, 60]
    # then it is a cylinder's: pi / 4 of the diameter's square, thickest in the middle
    assert column.sum() * 3 == pytest.approx(np.pi / 4 * diameter_um**2, rel=0.06)
    assert column.max() == pytest.approx(diameter_um, rel=0.05)
    assert abs(int(column.argmax()) - 50) <= 1


def test_the_apex_of_a_capillary_has_its_diameter() -> None:
    for capillary in sharp(draw_patient(3, EARLY)).capillaries:
        loop = capillary.vessels[0]
        nearest = np.hypot(loop.middle[:, 0] - capillary.u, loop.middle[:, 1] - capillary.v).argmin()
        assert 2 * loop.radius[nearest] == pytest.approx(capillary.diameter_um, rel=1e-5)
        tip = np.hypot(*(loop.middle[nearest] - (capillary.u, capillary.v)))
        assert tip == pytest.approx(capillary.diameter_um / 2, rel=0.1)


def test_dark_skin_gives_back_less_light_than_fair_skin() -> None:
    fair, dark = (sharp(clear(draw_patient(7, NORMAL, tone))).pixels.mean() for tone in (1.0, 10.0))
    assert dark < fair - 15


def test_labels_follow_from_the_truth_by_the_stated_limits() -> None:
    def labels(**changed: object) -> dict[str, bool | None]:
        facts = {
            "shapes": ["hairpin"],
            "diameters_um": [15.0],
            "haemorrhages": 0,
            "density_per_mm": 9.0,
            "blur_um": 3.0,
        }
        return dict(labels_of_picture(**{**facts, **changed}))  # type: ignore[arg-type]

    assert not any(labels().values())
    assert labels(diameters_um=[50.0])["giant"] is False
    assert labels(diameters_um=[50.1])["giant"] is True
    assert labels(density_per_mm=7.0)["low_density"] is False
    assert labels(density_per_mm=6.99)["low_density"] is True
    assert labels(shapes=["crossing", "tortuous"])["abnormal_shape"] is False
    assert labels(shapes=["hairpin", "coiled"])["abnormal_shape"] is True
    assert labels(haemorrhages=1)["haemorrhage"] is True
    assert labels(blur_um=12.0, haemorrhages=3) == {**dict.fromkeys(FEATURES), "too_blurry": True}


def test_patterns_have_what_they_are_named_for() -> None:
    """The density and shapes of 10 fingers of each pattern; drawn without pixels."""
    density, giants, abnormal = {}, {}, {}
    for pattern in PATTERNS:
        folds = [draw_fold(draw_patient(seed, pattern), "L", "INDEX") for seed in range(10)]
        loops = [c for fold in folds for c in fold.capillaries]
        density[pattern.name] = len(loops) / (10 * BREADTH_UM / 1000)
        giants[pattern.name] = np.mean([c.diameter_um > 50 for c in loops])
        abnormal[pattern.name] = np.mean([c.shape not in NORMAL_SHAPES for c in loops])
    assert density["normal"] > density["early"] > 7 > density["active"] > density["late"]
    assert giants["active"] > giants["early"] > 0.05 > giants["late"]
    assert giants["normal"] == 0
    assert abnormal["late"] > 0.3 > abnormal["non-specific"] > abnormal["normal"]


def test_features_of_a_blurry_picture_have_no_value() -> None:
    blurry = draw_nailfold(draw_patient(8), "L", "INDEX", columns=128, too_blurry=True)
    rows = {row.item: (row.value, row.status) for row in label_rows(blurry, "a.jpg")}
    assert rows.pop("too_blurry") == (1.0, "scored")
    assert set(rows.values()) == {(None, "not_assessable")}


def test_a_phone_file_is_upright_by_its_tag_and_full_of_personal_fields() -> None:
    orientations = set()
    for finger in ("INDEX", "MIDDLE", "RING", "LITTLE"):
        phantom = draw_nailfold(draw_patient(9), "R", finger, columns=128)  # type: ignore[arg-type]
        content = phone_jpeg(phantom)
        picture = Image.open(io.BytesIO(content))
        orientations.add(picture.getexif()[ExifTags.Base.Orientation])
        upright = np.asarray(ImageOps.exif_transpose(picture), float)
        assert np.abs(upright - stamped(phantom.pixels)).mean() < 6
        assert content.count(OWNER.encode()) >= 7
        assert picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert len(orientations) > 1


def test_the_verb_writes_a_visit_and_its_truth(tmp_path: Path) -> None:
    # when one patient is drawn, with readers
    arguments = ["phantom", "nailfold", "-n", "1", "--seed", "11", "--readers", "2", "--columns", "160"]
    done = CliRunner().invoke(build_app(), [*arguments, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    # then there are two pictures of each of eight fingers, and tables that readings are read from
    assert len(list(tmp_path.glob("*.jpg"))) == 16
    for table in ("truth.csv", "readings.csv"):
        rows = read_label_table(tmp_path / table, sites=NAILFOLD_SITES)
        assert {row.image for row in rows} == {path.name for path in tmp_path.glob("*.jpg")}
        assert {row.subject for row in rows} == {"PHANTOM-11"}
        with pytest.raises(LabelError, match="item"):
            read_label_table(tmp_path / table)
    pictures, loops = (
        list(csv.DictReader((tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
        for name in ("pictures", "capillaries")
    )
    for picture in pictures:
        count = sum(loop["image"] == picture["image"] for loop in loops)
        assert count == int(picture["capillaries"])
        assert count / float(picture["visible_row_mm"]) == pytest.approx(float(picture["density_per_mm"]), abs=0.01)


def test_dicom_phantoms_are_valid_and_calibrated(tmp_path: Path) -> None:
    phantom = draw_nailfold(draw_patient(12), "L", "MIDDLE", columns=160)
    nailfold_dataset(phantom, 1).save_as(tmp_path / "a.dcm", enforce_file_format=True)
    read = dcmread(tmp_path / "a.dcm")
    assert (read.AnatomicRegionSequence[0].CodeMeaning, read.ImageLaterality) == ("Nail unit of middle finger", "L")
    assert float(read.PixelSpacing[0]) * 1000 == pytest.approx(phantom.view.um_per_px)
    assert str(read.PatientName).startswith("PHANTOM^NAILFOLD")
    np.testing.assert_array_equal(read.pixel_array, stamped(phantom.pixels))
    assert iod_errors(tmp_path / "a.dcm") == []
