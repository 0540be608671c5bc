"""Pictures become DICOM without recompression, and nothing personal of a telephone survives."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGLosslessSV1

from dicom_node.errors import WrapError
from dicom_node.photographs.jpeg_segments import coded_jpeg
from dicom_node.photographs.wrapping import wrap_photos
from scoring.errors import ImageUnreadableError
from scoring.jpeg_decoders import register_jpeg_decoders
from scoring.phantoms.hand import draw_hand

register_jpeg_decoders()
DCIODVFY = "/usr/bin/dciodvfy"


def picture(path: Path, mode: str = "RGB", orientation: int = 1, size: tuple[int, int] = (64, 48)) -> Path:
    values = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    image = Image.fromarray(values).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "TAKEN AT HOME BY JOHN DOE"
    image.save(path, **({"exif": exif} if path.suffix == ".jpg" else {}))
    return path


def wrapped(path: Path, tmp_path: Path, kind: str = "hand", **options: str) -> Path:
    return next(wrap_photos([path], kind, "P1", tmp_path / "out", **options))


def test_a_jpeg_keeps_its_coded_bytes_and_loses_what_is_personal(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg")
    dataset = dcmread(wrapped(source, tmp_path))
    [frame] = generate_frames(dataset.PixelData, number_of_frames=1)
    coded = coded_jpeg(source.read_bytes())
    assert coded is not None
    assert frame.rstrip(b"\0") == coded.content
    assert b"DOE" not in (tmp_path / "out" / "001_a.dcm").read_bytes()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(frame))), np.asarray(Image.open(source)))
    assert dataset.LossyImageCompression == "01"


def test_a_colourless_colour_jpeg_is_a_grey_radiograph(tmp_path: Path) -> None:
    grey = Image.open(picture(tmp_path / "grey.png", "L"))
    grey.convert("RGB").save(tmp_path / "film.jpg", quality=95)
    dataset = dcmread(wrapped(tmp_path / "film.jpg", tmp_path))
    assert dataset.PhotometricInterpretation == "MONOCHROME2"
    shown = np.asarray(Image.open(tmp_path / "film.jpg").convert("L"), np.int16)
    assert np.abs(dataset.pixel_array.astype(np.int16) - shown).max() <= 1


def test_a_colourless_colour_jpeg_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(picture(tmp_path / "grey.png", "L")).convert("RGB").save(tmp_path / "film.jpg", exif=exif)
    dataset = dcmread(wrapped(tmp_path / "film.jpg", tmp_path))
    assert (dataset.Rows, dataset.Columns, dataset.PhotometricInterpretation) == (64, 48, "MONOCHROME2")


def test_a_turned_jpeg_is_stored_upright(tmp_path: Path) -> None:
    dataset = dcmread(wrapped(picture(tmp_path / "a.jpg", orientation=6), tmp_path))
    assert (dataset.Rows, dataset.Columns) == (64, 48)
    assert dataset.file_meta.TransferSyntaxUID == JPEGLosslessSV1


@pytest.mark.parametrize(("mode", "photometric"), [("L", "MONOCHROME2"), ("RGB", "RGB"), ("RGBA", "RGB")])
def test_a_png_is_exact(tmp_path: Path, mode: str, photometric: str) -> None:
    source = picture(tmp_path / "a.png", mode)
    dataset = dcmread(wrapped(source, tmp_path))
    expected = np.asarray(Image.open(source).convert("L" if mode == "L" else "RGB"))
    np.testing.assert_array_equal(dataset.pixel_array, expected)
    assert dataset.PhotometricInterpretation == photometric


def test_sixteen_bits_stay_sixteen(tmp_path: Path) -> None:
    values = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 20
    Image.fromarray(values).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(dcmread(wrapped(tmp_path / "deep.png", tmp_path)).pixel_array, values)


def test_side_and_trial_are_written(tmp_path: Path) -> None:
    dataset = dcmread(wrapped(picture(tmp_path / "a.png"), tmp_path, side="L", trial="RA-7/12/S003/W24"))
    assert dataset.ImageLaterality == "L"
    assert (dataset.ClinicalTrialProtocolID, dataset.ClinicalTrialTimePointID) == ("RA-7", "W24")


def test_the_same_pictures_give_the_same_uids_and_one_study(tmp_path: Path) -> None:
    photos = [picture(tmp_path / "a.png"), picture(tmp_path / "b.jpg")]
    first = [dcmread(p) for p in wrap_photos(photos, "skin", "P1", tmp_path / "one")]
    again = [dcmread(p) for p in wrap_photos(photos, "skin", "P1", tmp_path / "two")]
    assert [d.SOPInstanceUID for d in first] == [d.SOPInstanceUID for d in again]
    assert len({d.StudyInstanceUID for d in first}) == 1
    assert len({d.SOPInstanceUID for d in first}) == 2


@pytest.mark.parametrize("options", [{"kind": "foot"}, {"side": "X"}, {"trial": "ONLY"}], ids=lambda o: next(iter(o)))
def test_what_is_not_allowed_is_named(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(WrapError, match=r"got .* allowed"):
        wrapped(picture(tmp_path / "a.png"), tmp_path, **options)


def test_a_broken_picture_is_unreadable(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ImageUnreadableError, match=r"a\.jpg is no whole JPEG or PNG"):
        wrapped(path, tmp_path)


def test_of_a_folder_with_bad_pictures_nothing_is_written_and_each_is_named(tmp_path: Path) -> None:
    # given three pictures, of which one is cut short and one has the colours of print
    photos = [picture(tmp_path / "good.jpg"), picture(tmp_path / "cut.jpg"), tmp_path / "print.jpg"]
    photos[1].write_bytes(photos[1].read_bytes()[:200])
    Image.new("CMYK", (9, 9)).save(photos[2])
    # when they are wrapped
    with pytest.raises(ImageUnreadableError) as caught:
        list(wrap_photos(photos, "skin", "P1", tmp_path / "out"))
    # then both are named with what to do, and there is no half of a study
    assert "cut.jpg is no whole JPEG" in str(caught.value)
    assert "print.jpg is in the colours of print" in str(caught.value)
    assert str(caught.value).endswith("Nothing was written: 2 of 3 pictures cannot be wrapped.")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_wrapped_radiograph_is_valid(tmp_path: Path) -> None:
    path = wrapped(picture(tmp_path / "a.jpg", "L"), tmp_path, side="R")
    said = subprocess.run([DCIODVFY, str(path)], capture_output=True, text=True, check=False).stderr
    assert "Error" not in said


@pytest.mark.parametrize("bits", [8, 16])
def test_writing_on_a_radiograph_is_told_and_said_in_the_header(tmp_path: Path, bits: int) -> None:
    plain = phantom_film()
    stamped = Image.fromarray(plain)
    ImageDraw.Draw(stamped).text((20, 20), "DOE JANE 1970", fill=255, font_size=24)
    told: list[str] = []
    for name, film in (("plain", plain), ("stamped", np.asarray(stamped))):
        Image.fromarray(film if bits == 8 else film.astype(np.uint16) * 257).save(tmp_path / f"{name}.png")
        [path] = wrap_photos([tmp_path / f"{name}.png"], "hand", "P1", tmp_path / name, tell=told.append)
        assert dcmread(path).get("BurnedInAnnotation", "") == ("YES" if name == "stamped" else "")
    assert len(told) == 1 and told[0].startswith("stamped.png: Something seems to be written on it")


def phantom_film() -> np.ndarray:
    return np.rint(draw_hand(5, side="R", spacing_mm=0.4).pixels * 230).astype(np.uint8)
