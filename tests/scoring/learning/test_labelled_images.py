"""Images of a labelled set come in as scoring sees them, whatever file they are in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scoring.errors import ImageUnreadableError, LabelError
from scoring.learning.label import Label
from scoring.learning.labelled_images import check_images, find_image, read_film
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import Side


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
    for name in (f"{tmp_path}/elsewhere/b", "b[1]", "**", "a/b", "\0"):
        with pytest.raises(LabelError, match="0 files"):
            find_image(tmp_path, name)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    for content in (b"no picture", b"", whole[:-20], whole[:40] + b"\xff\xff" + whole[42:]):
        (tmp_path / "a.png").write_bytes(content)
        with PixelDecoder() as decoder, pytest.raises(ImageUnreadableError, match=r"a\.png .* take its rows out"):
            read_film(tmp_path / "a.png", decoder)


def _label(image: str, side: Side) -> Label:
    return Label(subject=image, image=image, side=side, site="MCP2", item="erosion", value=1)


def test_faults_of_images_are_named_together(phantom: HandPhantom, tmp_path: Path) -> None:
    # given: a left hand as DICOM, a picture, and a file that is neither
    dataset = hand_dataset(phantom.pixels, phantom.spacing_mm, "L", phantom.seed)
    dataset.save_as(tmp_path / "left.dcm", enforce_file_format=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "film.jpg")
    check_images([_label("left", "L"), _label("film", "R")], tmp_path)
    # when readings name them wrongly
    wrong = [_label("left", "L"), _label("left.dcm", "R"), _label("gone", "L")]
    with pytest.raises(LabelError) as caught:
        check_images(wrong, tmp_path)
    # then each has its sentence
    lines = str(caught.value).splitlines()
    assert "'left' and 'left.dcm' name one image" in lines[0]
    assert "says that its side is L, readings say R" in lines[1]
    assert "0 files for the image 'gone'" in lines[2]
