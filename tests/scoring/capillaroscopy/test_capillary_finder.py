"""Capillaries of drawn nailfolds are found where they are, and measured in micrometres whatever the camera."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.loop_matching import matched_loops
from scoring.capillaroscopy.measure_calibration import DENSITY
from scoring.capillaroscopy.packaging import FOLDER
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.unseen_pictures import measured_picture
from scoring.errors import WeightsError
from scoring.networks.torch_start import start_torch
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.pattern import PATTERNS
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import read_weights_record

Picture = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def finder() -> CapillaryFinder:
    start_torch()
    return CapillaryFinder.open(read_weights_record(FOLDER / WEIGHTS_RECORD))


def drawn(pattern: str, seed: int = 60_001, *, too_blurry: bool = False) -> NailfoldPhantom:
    chosen = next(one for one in PATTERNS if one.name == pattern)
    return draw_nailfold(draw_patient(seed, chosen, tone=4.0), "R", "RING", columns=480, too_blurry=too_blurry)


@pytest.fixture(scope="module")
def healthy() -> NailfoldPhantom:
    return drawn("normal")


def measured(finder: CapillaryFinder, pixels: Picture, um_per_px: float) -> PictureMeasures:
    found = finder.measure(pixels, um_per_px)
    assert isinstance(found, PictureMeasures)
    return found


def resized(pixels: Picture, factor: float) -> Picture:
    size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


@pytest.mark.parametrize("pattern", ["normal", "active", "late"])
def test_capillaries_are_found_where_they_are(finder: CapillaryFinder, pattern: str) -> None:
    picture = measured_picture(finder, drawn(pattern, seed=60_002))
    assert isinstance(picture.found, PictureMeasures)
    matched = matched_loops(picture, picture.found.loops)
    assert len(matched.distances_um) >= 0.75 * matched.true
    assert len(matched.distances_um) >= 0.75 * matched.found
    assert np.median(matched.distances_um) < 12
    assert picture.found.row_mm == pytest.approx(picture.row_mm, rel=0.25)
    assert picture.found.low_density == (picture.density_per_mm < 7)


def test_a_healthy_row_is_counted_and_measured(finder: CapillaryFinder, healthy: NailfoldPhantom) -> None:
    found = measured(finder, healthy.pixels, healthy.view.um_per_px)
    true = np.median([capillary.diameter_um for capillary in healthy.capillaries])
    assert found.density_per_mm == pytest.approx(healthy.density_per_mm, rel=0.15)
    assert np.median([loop.diameter_um for loop in found.loops]) == pytest.approx(true, rel=0.2)
    assert not found.giant
    assert [loop.x for loop in found.loops] == sorted(loop.x for loop in found.loops)


def test_intervals_hold_what_was_measured(finder: CapillaryFinder, healthy: NailfoldPhantom) -> None:
    found = measured(finder, healthy.pixels, healthy.view.um_per_px)
    assert found.density_interval is not None and found.widest_interval is not None and found.widest_um is not None
    assert found.density_interval[0] < found.density_per_mm < found.density_interval[1]
    assert found.widest_interval[0] < found.widest_um < found.widest_interval[1]


@pytest.mark.parametrize("factor", [0.8, 2.5])
def test_another_camera_measures_the_same(finder: CapillaryFinder, healthy: NailfoldPhantom, factor: float) -> None:
    """The same skin in fewer or in more pixels: places follow the pixels, measures do not."""
    scale = healthy.view.um_per_px
    here = measured(finder, healthy.pixels, scale)
    there = measured(finder, resized(healthy.pixels, factor), scale / factor)
    assert there.density_per_mm == pytest.approx(here.density_per_mm, rel=0.12)
    assert np.median([loop.diameter_um for loop in there.loops]) == pytest.approx(
        np.median([loop.diameter_um for loop in here.loops]), rel=0.12
    )
    moved = np.array([(loop.x, loop.y) for loop in there.loops]) / factor
    nearest = [np.hypot(*(moved - (loop.x, loop.y)).T).min() * scale for loop in here.loops]
    assert np.median(nearest) < 4


def test_another_scale_is_another_diameter_and_another_length(finder: CapillaryFinder) -> None:
    active = drawn("active")
    scale = active.view.um_per_px
    here, there = (measured(finder, active.pixels, s) for s in (scale, 0.8 * scale))
    assert here.widest_um is not None and there.widest_um is not None
    assert 0.65 < there.widest_um / here.widest_um < 0.92
    assert there.row_mm == pytest.approx(0.8 * here.row_mm, rel=0.12)


def test_a_picture_turned_by_a_quarter_is_measured_alike(finder: CapillaryFinder, healthy: NailfoldPhantom) -> None:
    scale = healthy.view.um_per_px
    upright = measured(finder, healthy.pixels, scale)
    turned = measured(finder, np.rot90(healthy.pixels), scale)
    assert turned.density_per_mm == pytest.approx(upright.density_per_mm, rel=0.15)


def test_bytes_and_shares_of_one_are_read_alike(finder: CapillaryFinder, healthy: NailfoldPhantom) -> None:
    scale = healthy.view.um_per_px
    of_bytes = measured(finder, healthy.pixels, scale)
    of_floats = measured(finder, (healthy.pixels / np.float32(255)).astype(np.float32), scale)
    assert of_floats.density_per_mm == pytest.approx(of_bytes.density_per_mm, rel=0.02)


@pytest.mark.parametrize("um_per_px", [None, 0.0, -2.0, float("nan"), float("inf"), 80.0])
def test_what_has_no_scale_is_not_measured(
    finder: CapillaryFinder, healthy: NailfoldPhantom, um_per_px: float | None
) -> None:
    assert finder.measure(healthy.pixels, um_per_px) == NotMeasured("not_calibrated")


def test_a_blurred_picture_is_not_measured(finder: CapillaryFinder) -> None:
    blurred = drawn("normal", too_blurry=True)
    assert finder.measure(blurred.pixels, blurred.view.um_per_px) == NotMeasured("not_sharp")


@pytest.mark.parametrize(
    ("pixels", "um_per_px"),
    [
        (np.zeros((300, 400, 3), np.uint8), 3.5),
        (np.full((300, 400, 3), 190, np.uint8), 3.5),
        (np.full((300, 400, 3), 1.0, np.float32), 3.5),
        (np.zeros((1, 1, 3), np.uint8), 3.5),
        (np.zeros((2, 900, 3), np.uint8), 3.5),
        (np.zeros((6000, 8000, 3), np.uint8), 0.18),
    ],
    ids=["black", "grey", "white", "one pixel", "two rows", "48 megapixels"],
)
def test_where_nothing_is_nothing_is_found(finder: CapillaryFinder, pixels: Picture, um_per_px: float) -> None:
    found = finder.measure(pixels, um_per_px)
    assert isinstance(found, NotMeasured)
    assert found.reason in ("no_row", "not_sharp")


def test_a_changed_weight_is_refused(tmp_path: Path) -> None:
    record = read_weights_record(FOLDER / WEIGHTS_RECORD)
    for name in (WEIGHTS_RECORD, *(file.path.name for file in record.files)):
        shutil.copy(FOLDER / name, tmp_path / name)
    file = tmp_path / "capillary_finder.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(WeightsError, match=r"capillary_finder\.safetensors was changed"):
        CapillaryFinder.open(read_weights_record(tmp_path / WEIGHTS_RECORD))


def test_the_weights_are_small_and_say_what_they_are() -> None:
    record = read_weights_record(FOLDER / WEIGHTS_RECORD)
    network, calibration = record.file("capillary_finder"), record.file("capillary_calibration")
    assert network.demonstration and calibration.demonstration
    assert network.path.stat().st_size < 1_000_000
    assert DENSITY in calibration.path.read_text(encoding="utf-8")


def test_what_was_measured_is_told_without_torch() -> None:
    program = "import sys; import scoring.capillaroscopy.picture_measures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
