"""Images of a labelled set come in as scoring sees them, whatever file they are in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scoring.errors import ImageUnreadableError, LabelError
from scoring.learning.labelled_images import find_image, read_film
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.pixel_decoding import PixelDecoder


@pytest.fixture(scope="module")
def phantom() -> HandPhantom:
    return draw_hand(9, spacing_mm=0.6)


def test_a_picture_and_a_dicom_file_of_one_film_are_alike(phantom: HandPhantom, tmp_path: Path) -> None:
    eight = np.rint(phantom.pixels * 255).astype(np.uint8)
    Image.fromarray(eight).save(tmp_path / "film.png")
    Image.fromarray(np.rint(phantom.pixels * 65535).astype(np.uint16)).save(tmp_path / "deep.png")
    dataset = hand_dataset(phantom.pixels, phantom.spacing_mm, phantom.side, phantom.seed, photometric="MONOCHROME1")
    dataset.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    with PixelDecoder() as decoder:
        shallow, deep, dicom = (read_film(tmp_path / name, decoder) for name in ("film.png", "deep.png", "film.dcm"))
    assert shallow.dtype == np.float32
    np.testing.assert_allclose(shallow, eight / 255, atol=1e-6)
    np.testing.assert_allclose(deep, np.clip(phantom.pixels, 0, 1), atol=1e-4)
    assert dicom.shape == shallow.shape
    assert np.corrcoef(dicom.ravel(), shallow.ravel())[0, 1] > 0.99


def test_an_image_is_found_with_or_without_its_ending(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    assert find_image(tmp_path, "a") == find_image(tmp_path, "a.png") == tmp_path / "a.png"
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(LabelError, match="2 files for the image 'a'"):
        find_image(tmp_path, "a")
    with pytest.raises(LabelError, match="0 files"):
        find_image(tmp_path, "b")


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with PixelDecoder() as decoder, pytest.raises(ImageUnreadableError, match=r"a\.png"):
        read_film(tmp_path / "a.png", decoder)
