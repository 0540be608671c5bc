"""A nailfold of any skin is let in, sharp or not; what is none is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.colour import has_colour
from scoring.capillaroscopy.nailfold_in_view import NailfoldInView
from scoring.capillaroscopy.other_pictures import draw_other_picture
from scoring.capillaroscopy.other_skin import draw_other_skin
from scoring.capillaroscopy.sharpness import Pixels
from scoring.capillaroscopy.view_evaluation import FIGURES
from scoring.capillaroscopy.view_gate import ROLE, ViewGate
from scoring.capillaroscopy.view_material import ViewBook, drawn_book, together
from scoring.capillaroscopy.view_training import RealPictures, train
from scoring.errors import LabelError, WeightsError
from scoring.learning.course import Course
from scoring.learning.progress import silent
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.pattern import PATTERNS
from scoring.weights import WeightRecord, read_weights_record

ROOT = Path(__file__).parents[3]
WEIGHTS = read_weights_record(ROOT / "scoring" / "capillaroscopy" / "weights.toml")
RECORD = WEIGHTS.file(ROLE)
REAL = Path(__file__).parent / "no_nailfolds"
NO_NAILFOLDS = [
    *sorted(REAL.glob("*.jpg")),
    ROOT / "dicom_node" / "demo_studies" / "fracatlas_knee_3309.jpg",
    ROOT / "dicom_node" / "demo_studies" / "rsna_hand_11461.png",
]


@cache
def view() -> NailfoldInView:
    return NailfoldInView.open(WEIGHTS)


def is_let_in(pixels: Pixels) -> bool:
    return view().look(clean_picture(pixels).pixels, None) is not None


def photograph(path: Path) -> Pixels:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("tone", [1.0, 5.5, 10.0])
@pytest.mark.parametrize("too_blurry", [False, True])
def test_a_nailfold_of_any_skin_is_let_in(tone: float, too_blurry: bool) -> None:
    for number, pattern in enumerate(PATTERNS[::2]):
        patient = draw_patient(31_000 + number, pattern, tone)
        assert is_let_in(draw_nailfold(patient, "L", "INDEX", columns=240, too_blurry=too_blurry).pixels)


def test_a_phone_held_upright_makes_no_difference() -> None:
    pixels = draw_nailfold(draw_patient(31_010), "R", "RING", columns=320, too_blurry=False).pixels
    for turns in range(4):
        assert is_let_in(np.ascontiguousarray(np.rot90(pixels, turns)))


@pytest.mark.parametrize("path", NO_NAILFOLDS, ids=lambda path: path.name)
def test_a_real_picture_of_something_else_is_refused(path: Path) -> None:
    assert not is_let_in(photograph(path))


@pytest.mark.parametrize("path", sorted(REAL.glob("helmy_*.jpg")), ids=lambda path: path.name)
def test_skin_from_above_is_known_by_capillaries_that_lie_in_no_row(path: Path) -> None:
    # given a picture that the network of the gate alone takes for a nailfold
    pixels = photograph(path)
    said = view().gate.probability(pixels)
    assert said >= view().gate.threshold
    # when the capillary finder is asked too, then it is less probable, and refused
    assert view().probability(pixels, None) < view().gate.threshold
    assert view().finder.look(pixels, None).apart_mm > 0.05


@pytest.mark.parametrize("tint", [(1, 1, 1), (0.9, 1, 1.1), (1.1, 1, 0.85)])
def test_a_nailfold_without_its_colours_is_refused_as_a_radiograph_is(tint: tuple[float, float, float]) -> None:
    # given a nailfold that is let in, paler than any
    pixels = draw_nailfold(draw_patient(31_012), "R", "RING", columns=320, too_blurry=False).pixels
    grey = pixels.mean(axis=2, keepdims=True)
    assert is_let_in((grey + 0.3 * (pixels - grey)).astype(np.uint8))
    # when it has one tint all over, and a word that somebody wrote on it, then it is refused
    without = np.clip(grey * np.array(tint), 0, 255).astype(np.uint8)
    without[10:20, 10:120] = (255, 220, 0)
    assert not has_colour(without)
    assert not is_let_in(without)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (900, 2, 3), (13, 1000, 3), (300, 400, 3)])
def test_a_picture_of_any_shape_is_looked_at(shape: tuple[int, int, int]) -> None:
    sight = view().finder.look(np.full(shape, 190, np.uint8), None)
    assert (sight.apart_mm, sight.why_not) == (0.0, "not_calibrated")


def test_drawn_pictures_of_something_else_are_refused() -> None:
    others: list[Pixels] = [
        draw(seed, 192) for seed in range(51_000, 51_006) for draw in (draw_other_picture, draw_other_skin)
    ]
    assert sum(is_let_in(pixels) for pixels in others) <= 1


def test_bytes_and_numbers_of_any_size_are_judged_alike() -> None:
    small = draw_nailfold(draw_patient(31_011), "R", "RING", columns=320, too_blurry=False).pixels
    large = np.asarray(Image.fromarray(small).resize((2560, 1920)))
    said = [view().gate.probability(pixels) for pixels in (small, large, (large / 255).astype(np.float32))]
    assert max(said) - min(said) < 0.05


def test_a_changed_or_foreign_file_is_never_used(tmp_path: Path) -> None:
    assert RECORD.path.stat().st_size < 300_000
    copy = tmp_path / RECORD.path.name
    copy.write_bytes(RECORD.path.read_bytes()[:-1] + b"\0")
    with pytest.raises(WeightsError, match="was changed"):
        ViewGate.open(replace(RECORD, path=copy))
    copy.write_bytes(save({}))
    foreign = replace(RECORD, path=copy, sha256=hashlib.sha256(copy.read_bytes()).hexdigest())
    with pytest.raises(WeightsError, match="does not fit the view gate"):
        ViewGate.open(foreign)


def test_the_figures_count_every_kind_of_picture() -> None:
    said = FIGURES.read_text(encoding="utf-8")
    for kind in ("light skin", "medium skin", "dark skin", "drawn skin", "drawn pictures", "real, not learnt from"):
        assert kind in said


def test_a_gate_is_taught_without_a_picture_of_anybody(tmp_path: Path) -> None:
    # given a few drawn pictures, and as few to choose on
    book = drawn_book(1, 2)
    kept = ViewBook(book.squares.copy(), book.nailfold)
    # when the gate learns by the common loop, and is asked to go on when it is done
    course = Course(epochs=1, batch=2, rate=1e-3, seed=1)
    first = train(tmp_path / "run", book, kept, course, silent).read_bytes()
    path = train(tmp_path / "run", book, kept, course, silent)
    # then it opens, and is the same
    assert path.read_bytes() == first
    digest = hashlib.sha256(first).hexdigest()
    record = WeightRecord(ROLE, path, digest, "none", "test", (), "test", demonstration=True)
    assert 0 < ViewGate.open(record).threshold <= 0.5


def test_real_pictures_teach_beside_the_drawn_ones_and_the_record_says_so(tmp_path: Path) -> None:
    # given six real pictures of no nailfold, and an empty folder
    real = RealPictures(others=REAL, licence="CC-BY-NC-4.0")
    (tmp_path / "mine").mkdir()
    # when squares of them are taken, and a gate learns from them
    [others] = real.books(4)
    book = together((drawn_book(1, 2), others))
    train(tmp_path / "run", book, drawn_book(3, 1), Course(epochs=1, batch=2, rate=1e-3, seed=1), silent, real)
    # then each is there as often, none as a nailfold, the weights have their licence, and no picture is no lesson
    assert (len(others), others.nailfold.any()) == (6, False)
    record = read_weights_record(tmp_path / "run" / "weights.toml").file(ROLE)
    assert (record.licence, record.data[1]) == ("CC-BY-NC-4.0", "no_nailfolds")
    assert record.command.endswith("--out RUN --others DIR")
    assert "real ones" in read_weights_record(tmp_path / "run" / "weights.toml").statement
    with pytest.raises(LabelError, match="No JPEG or PNG lies below mine"):
        RealPictures(nailfolds=tmp_path / "mine").books(4)
