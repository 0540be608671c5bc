"""Nailfold pictures of a phone become DICOM: finger, side and scale are said, the owner of the phone is not."""

from __future__ import annotations

import csv
import io
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.sr._concepts_dict import concepts
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1
from typer.testing import CliRunner

from dicom_node.errors import WrapError
from dicom_node.photographs.pictured_finger import PicturedFinger, fingers_of_call, pictured_finger, read_fingers
from dicom_node.photographs.wrapping import wrap_photos
from scoring.cli import build_app
from scoring.errors import ImageUnreadableError
from scoring.jpeg_decoders import register_jpeg_decoders
from scoring.phantoms.nailfold.phone_file import OWNER
from scoring.score_rules.nail_units import ANY_NAIL_UNIT, NAIL_UNITS
from tests.dicom_node.photographs.phone_pictures import other_picture, phantom, phone_picture, upright_jpeg
from tests.foreign_programs.programs import find_program
from tests.judges.dicom3tools import entity_complaints, iod_complaints, iod_errors

register_jpeg_decoders()
RING = PicturedFinger("R", "RING", 3.1, 200.0)
FORMS = {"dermoscopic": False, "photographic": True}


def wrapped(photo: Path, out: Path, *, photographic: bool = False, told: list[str] | None = None) -> Path:
    tell = (told if told is not None else []).append
    places = {photo.name: RING}
    return next(
        wrap_photos([photo], "nailfold", "P1", out, fingers=places, photographic=photographic, tell=tell, trial="T/1/S")
    )


def foreign_decode(path: Path, folder: Path) -> np.ndarray:
    """The pixels as DCMTK shows them."""
    done = subprocess.run(
        [find_program("dcmj2pnm", "dcmtk"), "--write-png", path, folder / "seen.png"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.asarray(Image.open(folder / "seen.png").convert("RGB"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_phone_picture_is_upright_valid_and_nobodys(tmp_path: Path, form: str, orientation: int) -> None:
    # given a phone's JPEG with an owner, a place and an orientation
    photo = phone_picture(tmp_path / "a.jpg", orientation)
    assert photo.read_bytes().count(OWNER.encode()) > 3
    # when it is wrapped
    path = wrapped(photo, tmp_path / "out", photographic=FORMS[form])
    # then nothing personal is in the object, and judges have nothing against it
    content = path.read_bytes()
    assert [word for word in (OWNER.encode(), b"OWNER", b"0815", b"Exif", b"Phone 1", b"GPS") if word in content] == []
    errors = iod_errors(path) if FORMS[form] else iod_complaints(path)
    assert errors == []
    # and everybody sees the picture upright
    shown = np.asarray(ImageOps.exif_transpose(Image.open(photo)), int)
    np.testing.assert_array_equal(dcmread(path).pixel_array, shown)
    assert np.abs(foreign_decode(path, tmp_path) - shown).max() <= (3 if orientation == 1 else 0)


def test_a_baseline_jpeg_that_is_upright_keeps_its_scan(tmp_path: Path) -> None:
    photo = phone_picture(tmp_path / "a.jpg", 1)
    dataset = dcmread(wrapped(photo, tmp_path / "out"))
    assert dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    [frame] = generate_frames(dataset.PixelData, number_of_frames=1)
    scan = photo.read_bytes()[photo.read_bytes().index(b"\xff\xda") :]
    assert frame.rstrip(b"\0").endswith(scan)


def test_finger_side_scale_and_magnification_are_said(tmp_path: Path) -> None:
    dataset = dcmread(wrapped(upright_jpeg(tmp_path / "a.jpg"), tmp_path / "out"))
    (region,) = dataset.AnatomicRegionSequence
    assert (region.CodeValue, region.CodeMeaning) == ("770817006", "Nail unit of ring finger")
    assert (dataset.ImageLaterality, dataset.TrackingID, dataset.Modality) == ("R", "right ring", "DMS")
    assert [float(value) for value in dataset.PixelSpacing] == [0.0031, 0.0031]
    assert float(dataset.OpticalMagnificationFactor) == 200
    assert (dataset.ClinicalTrialProtocolID, dataset.ClinicalTrialSubjectID) == ("T", "S")


def test_the_codes_of_fingers_are_those_of_dicom() -> None:
    known = {code: meaning for entry in concepts["SCT"].values() for code, (meaning, _) in entry.items()}
    for concept in (*NAIL_UNITS.values(), ANY_NAIL_UNIT):
        assert known[concept.value] == concept.meaning


@pytest.mark.parametrize("options", [{"progressive": True}, {"format": "PNG"}, {"format": "MPO"}], ids=str)
def test_other_codings_show_the_same_picture(tmp_path: Path, options: dict[str, object]) -> None:
    name = "a.png" if options.get("format") == "PNG" else "a.jpg"
    if options.get("format") == "MPO":
        options = {**options, "save_all": True, "append_images": [Image.fromarray(phantom().pixels[:50, :50])]}
    photo = upright_jpeg(tmp_path / name, **options)
    path = wrapped(photo, tmp_path / "out")
    assert iod_errors(path) == []
    with Image.open(photo) as picture:
        np.testing.assert_array_equal(dcmread(path).pixel_array, np.asarray(picture.convert("RGB")))
    kept = options.get("format") == "MPO"
    assert dcmread(path).file_meta.TransferSyntaxUID == (JPEGBaseline8Bit if kept else JPEGLosslessSV1)


def test_a_visit_is_one_study_and_its_objects_agree(tmp_path: Path) -> None:
    photos = [other_picture(tmp_path / f"{n}.jpg", n) for n in range(4)]
    places = {f"{n}.jpg": PicturedFinger("L", finger) for n, finger in enumerate(list(NAIL_UNITS)[1:])}
    paths = list(wrap_photos(photos, "nailfold", "P1", tmp_path / "out", fingers=places))
    read = [dcmread(path) for path in paths]
    assert len({d.StudyInstanceUID for d in read}) == len({d.SeriesInstanceUID for d in read}) == 1
    assert len({d.TrackingUID for d in read}) == 4
    assert entity_complaints(paths) == []


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def deep_colour_png(path: Path) -> Path:
    """A header that says 16 bits for each of three colours is enough: nothing is decoded."""
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    content = bytearray(file.getvalue())
    content[24] = 16
    return write(path, bytes(content))


REFUSED = {
    "CMYK": (lambda f: saved(f / "a.jpg", Image.new("CMYK", (9, 9))), WrapError, "CMYK.*export it as RGB"),
    "16 bits": (lambda f: deep_colour_png(f / "a.png"), WrapError, "16 bits.*8-bit PNG"),
    "16 bits grey": (lambda f: saved(f / "a.png", Image.new("I;16", (9, 9))), WrapError, "16 bits"),
    "HEIC": (lambda f: write(f / "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), WrapError, "HEIC.*Most Compatible"),
    "truncated": (
        lambda f: write(f / "a.jpg", upright_jpeg(f / "b.jpg").read_bytes()[:-900]),
        ImageUnreadableError,
        "no whole JPEG",
    ),
    "animated PNG": (
        lambda f: saved(
            f / "a.png", Image.new("RGB", (9, 9)), save_all=True, append_images=[Image.new("RGB", (9, 9), 9)]
        ),
        WrapError,
        "animated",
    ),
    "GIF": (lambda f: saved(f / "a.gif", Image.new("P", (9, 9))), WrapError, "GIF"),
    "108 megapixels": (lambda f: write(f / "a.png", huge_png(12000, 9000)), WrapError, "12000 x 9000.*100 million"),
    "200 megapixels": (lambda f: write(f / "a.png", huge_png(16320, 12240)), WrapError, "far more.*100 million"),
    "no colour": (lambda f: saved(f / "a.jpg", Image.new("RGB", (9, 9), "grey")), WrapError, "no colour.*--kind hand"),
    "DICOM": (lambda f: write(f / "a.dcm", bytes(128) + b"DICM"), WrapError, "DICOM file already: send it"),
    "a file that is gone": (lambda f: f / "b.jpg", WrapError, "no longer there"),
    "text": (lambda f: write(f / "a.jpg", b"this is no picture"), ImageUnreadableError, "no whole JPEG or PNG"),
}


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header says so many pixels, and that has hardly any."""
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    content = bytearray(file.getvalue())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_wrapped_says_why_and_what_to_do(tmp_path: Path, case: str) -> None:
    make, error, words = REFUSED[case]
    photo = make(tmp_path)
    with pytest.raises(error, match=words) as caught:
        wrapped(photo, tmp_path / "out")
    assert photo.name in str(caught.value)
    assert not list((tmp_path / "out").glob("*.dcm"))


def test_one_picture_under_two_fingers_is_refused(tmp_path: Path) -> None:
    photos = [other_picture(tmp_path / "a.jpg", 1), other_picture(tmp_path / "b.jpg", 1)]
    places = {"a.jpg": PicturedFinger("R", "RING"), "b.jpg": PicturedFinger("R", "MIDDLE")}
    with pytest.raises(WrapError, match=r"a\.jpg \(right ring\) and b\.jpg \(right middle\) are the same picture"):
        list(wrap_photos(photos, "nailfold", "P1", tmp_path / "out", fingers=places))


def test_the_same_picture_with_another_exif_is_the_same(tmp_path: Path) -> None:
    upright_jpeg(tmp_path / "a.jpg", exif=exif_of("first"))
    upright_jpeg(tmp_path / "b.jpg", exif=exif_of("saved once more"))
    assert (tmp_path / "a.jpg").read_bytes() != (tmp_path / "b.jpg").read_bytes()
    with pytest.raises(WrapError, match=r"a\.jpg .* and b\.jpg .* are the same picture.*Nothing was written"):
        list(wrap_photos([tmp_path / "a.jpg", tmp_path / "b.jpg"], "nailfold", "P1", tmp_path / "out"))


def test_one_doubt_of_many_pictures_is_told_once(tmp_path: Path) -> None:
    shades = (0.2, 0.21, 0.22, 0.23)
    dark = [Image.fromarray((phantom().pixels * shade).astype(np.uint8)) for shade in shades]
    photos = [saved(tmp_path / f"{number}.png", picture) for number, picture in enumerate(dark)]
    for given, whose in ((photos[:2], "0.png, 1.png"), (photos, "all 4 pictures")):
        told: list[str] = []
        list(wrap_photos(given, "nailfold", "P1", tmp_path / "out", tell=told.append))
        assert told[1:] == [f"{whose}: Too dark: switch the lamp of the lens on and take it again."]


def exif_of(words: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = words
    return exif


def test_what_the_picture_cannot_be_read_for_is_told(tmp_path: Path) -> None:
    dark = Image.fromarray((phantom().pixels * 0.2).astype(np.uint8))
    told: list[str] = []
    wrapped(saved(tmp_path / "a.png", dark), tmp_path / "out", told=told)
    assert told == ["a.png: Too dark: switch the lamp of the lens on and take it again."]


def test_ten_pictures_of_one_finger_and_unnamed_ones_are_told(tmp_path: Path) -> None:
    photos = [other_picture(tmp_path / f"{n}.jpg", n) for n in range(11)]
    places = {f"{n}.jpg": PicturedFinger("L", "INDEX") for n in range(10)}
    told: list[str] = []
    paths = list(wrap_photos(photos, "nailfold", "P1", tmp_path / "out", fingers=places, tell=told.append))
    assert len(paths) == 11
    assert told[0].startswith("1 of 11 pictures: nobody said side and finger")
    assert told[1].startswith("10 pictures are said to show the left index finger")
    unnamed = dcmread(paths[10])
    assert unnamed.AnatomicRegionSequence[0].CodeMeaning == "Nail unit of finger"
    assert "ImageLaterality" not in unnamed


def test_writing_in_a_picture_is_told_and_said_in_the_header(tmp_path: Path) -> None:
    """The phantom's phone file has "PHANTOM" burned in; the picture without the stamp has not."""
    told: list[str] = []
    stamped = dcmread(wrapped(phone_picture(tmp_path / "a.jpg", 6), tmp_path / "one", told=told))
    assert stamped.BurnedInAnnotation == "YES"
    assert told
    assert told[0].startswith("a.jpg: Something seems to be written on it")
    told.clear()
    plain = dcmread(wrapped(upright_jpeg(tmp_path / "b.jpg"), tmp_path / "two", told=told))
    assert "BurnedInAnnotation" not in plain
    assert told == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("X", "ring", None, None), "side: got 'X'"),
        (("B", "ring", None, None), "side: got 'B'"),
        (("R", "toe", None, None), "finger: got 'toe', allowed: thumb, index"),
        (("R", "ring", 0.0, None), "um_per_px: got 0"),
        (("R", "ring", None, float("nan")), "magnification: got nan"),
    ],
)
def test_a_wrong_finger_is_named(said: tuple[str, str, float | None, float | None], words: str) -> None:
    with pytest.raises(WrapError, match=words):
        pictured_finger(*said)


def test_a_table_of_fingers_names_its_wrong_row(tmp_path: Path) -> None:
    table = tmp_path / "fingers.csv"
    table.write_text("image,side,finger,um_per_px\na.jpg,R,ring,3.1\nb.jpg,L,Index,\n", encoding="utf-8")
    assert read_fingers(table) == {"a.jpg": PicturedFinger("R", "RING", 3.1), "b.jpg": PicturedFinger("L", "INDEX")}
    for row, words in (
        ("b.jpg,L,toe,", "row 3, finger"),
        ("a.jpg,L,ring,", "row 3, image"),
        ("b.jpg,L,ring,x", "row 3, um"),
        ("b.jpg,L,ring,3,1", "row 3: more cells"),
    ):
        table.write_text(f"image,side,finger,um_per_px\na.jpg,R,ring,3.1\n{row}\n", encoding="utf-8")
        with pytest.raises(WrapError, match=words):
            read_fingers(table)


def test_a_table_of_fingers_as_spreadsheets_elsewhere_save_it(tmp_path: Path) -> None:
    table = tmp_path / "fingers.csv"
    table.write_text("\ufeffImage;Side;Finger;Um per px\na.jpg;R;ring;3,1\n;;;\n", encoding="utf-8")
    assert read_fingers(table) == {"a.jpg": PicturedFinger("R", "RING", 3.1)}
    table.write_text("picture,side\na.jpg,R\n", encoding="utf-8")
    with pytest.raises(WrapError, match=r"row 1: has no column 'image' \(it has picture, side\)"):
        read_fingers(table)
    table.write_text("image,side,finger\na.jpg,R,ring\n", encoding="utf-16")
    with pytest.raises(WrapError, match="save it as CSV"):
        read_fingers(table)


def test_a_table_cannot_speak_of_two_files_with_one_name(tmp_path: Path) -> None:
    table = write(tmp_path / "fingers.csv", b"image,side,finger\na.jpg,R,ring\n")
    with pytest.raises(WrapError, match=r"which file called a\.jpg"):
        fingers_of_call([tmp_path / "one" / "a.jpg", tmp_path / "two" / "a.jpg"], table, "", "", None, None)


def test_the_verb_takes_what_the_phantom_verb_wrote(tmp_path: Path) -> None:
    # given pictures, and the table of their fingers as `phantom nailfold` writes it
    photos = [phone_picture(tmp_path / "a.jpg"), other_picture(tmp_path / "b.jpg", 3)]
    with (tmp_path / "pictures.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "side", "finger", "um_per_px", "magnification", "pattern"))
        writer.writerows((("a.jpg", "R", "RING", "3.1", "200", "late"), ("b.jpg", "L", "INDEX", "3.1", "200", "late")))
    # when they are wrapped by the verb
    common = ["--kind", "nailfold", "--patient-id", "P", "--fingers", str(tmp_path / "pictures.csv")]
    done = CliRunner().invoke(build_app(), ["wrap", *map(str, photos), *common, "--out", str(tmp_path / "out")])
    # then there are two files, and what a person should look at is on stderr
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 2
    assert "look: a.jpg: Something seems to be written on it" in done.stderr
