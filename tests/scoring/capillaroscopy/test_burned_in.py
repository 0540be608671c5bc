"""Words, dates and bars drawn over a picture are found and taken out; skin, blood, shine and lens borders are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.packaging import FOLDER
from scoring.capillaroscopy.picture_measures import PictureMeasures
from scoring.capillaroscopy.scaled_view import hidden_view
from scoring.capillaroscopy.training_pictures import phantoms
from scoring.capillaroscopy.unseen_pictures import Patients
from scoring.capillaroscopy.written_over import written_pictures
from scoring.networks.torch_start import start_torch
from scoring.phantoms.lead_letters import lettering
from scoring.phantoms.nailfold.burned_in import COLOURS, burned_in
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.phone_file import stamped
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import read_weights_record

FIRST = 72_000
WORD_AT = (20, 60)
"""Row and column of the upper left corner."""
Picture = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def drawn() -> list[NailfoldPhantom]:
    return list(phantoms(FIRST, 6, 2))


@pytest.fixture(scope="module")
def finder() -> CapillaryFinder:
    start_torch()
    return CapillaryFinder.open(read_weights_record(FOLDER / WEIGHTS_RECORD))


def with_word(pixels: Picture, colour: tuple[int, ...], at: tuple[int, int] = WORD_AT, height: int = 16) -> Picture:
    ink = lettering("SCALE", height)[..., None]
    written = pixels.copy()
    part = written[at[0] : at[0] + ink.shape[0], at[1] : at[1] + ink.shape[1]]
    part[...] = np.rint(part * (1 - ink) + np.array(colour) * ink)
    return written


def grey_skin() -> Picture:
    """Skin of one tone with grain."""
    grain = np.random.default_rng(1).normal(0, 4, (120, 200, 1))
    return np.clip(np.array((190, 140, 120)) + grain, 0, 255).astype(np.uint8)


def test_nothing_is_found_where_nothing_is_written(drawn: list[NailfoldPhantom]) -> None:
    for phantom in drawn:
        clean = clean_picture(phantom.pixels)
        assert clean.hidden is None
        assert clean.pixels is phantom.pixels


@pytest.mark.parametrize("colour", sorted(set(COLOURS)))
def test_a_word_of_any_ink_is_found_and_filled_with_skin(colour: tuple[int, ...]) -> None:
    skin = grey_skin()
    written = with_word(skin, colour)
    clean = clean_picture(written)
    assert clean.hidden is not None
    changed = np.abs(written.astype(int) - skin).max(axis=2) > 40
    assert clean.hidden[changed].all()
    assert np.abs(clean.pixels.astype(int) - skin).max() < 40
    away = ~clean.hidden
    np.testing.assert_array_equal(clean.pixels[away], written[away])


def test_what_is_white_or_black_but_has_slopes_is_no_ink() -> None:
    y, x = np.ogrid[:120, :200]
    near = np.exp(-((x - 100) ** 2 + (y - 60) ** 2) / (2 * 6.0**2))[..., None]
    skin = grey_skin()
    for colour in ((255, 255, 255), (0, 0, 0)):
        blot = np.rint(skin + np.minimum(1.4 * near, 1) * (np.array(colour) - skin)).astype(np.uint8)
        assert clean_picture(blot).hidden is None


def test_the_light_of_a_coloured_lamp_is_no_ink() -> None:
    """As broad as a lamp's reflection, razor-edged or not; or all over the picture."""
    skin = grey_skin()
    bluish, reflection = skin.copy(), skin.copy()
    bluish[..., 2] = 250
    reflection[30:80, 60:140] = (150, 190, 255)
    assert clean_picture(bluish).hidden is None
    assert clean_picture(reflection).hidden is None


def test_specks_of_shine_are_no_ink() -> None:
    specks = grey_skin()
    for x in range(10, 190, 20):
        specks[40:43, x : x + 4] = 255
    assert clean_picture(specks).hidden is None


def test_bytes_and_shares_of_one_are_cleaned_alike(drawn: list[NailfoldPhantom]) -> None:
    written = stamped(drawn[0].pixels)
    of_bytes, of_shares = clean_picture(written), clean_picture((written / np.float32(255)).astype(np.float32))
    assert of_bytes.hidden is not None and of_shares.hidden is not None
    np.testing.assert_array_equal(of_bytes.hidden, of_shares.hidden)
    assert np.abs(of_bytes.pixels / 255 - of_shares.pixels).max() < 0.02


def test_what_software_draws_is_known_where_it_is(drawn: list[NailfoldPhantom]) -> None:
    over = burned_in(drawn[0].pixels, np.random.default_rng(3))
    changed = (over.pixels != drawn[0].pixels).any(axis=2)
    assert changed.any()
    assert over.drawn[np.abs(over.pixels.astype(int) - drawn[0].pixels).max(axis=2) > 60].all()


def test_letters_of_a_word_hide_what_is_between_them() -> None:
    hidden = np.zeros((90, 120), np.bool_)
    hidden[30:40, 30:33] = hidden[30:40, 40:43] = True
    seen = hidden_view(hidden, (90, 120))
    assert bool(seen[35, 36]) and not bool(seen[35, 60]) and not bool(seen[10, 36])
    assert tuple(hidden_view(hidden, (45, 60)).shape) == (45, 60)
    assert bool(hidden_view(hidden, (45, 60))[17, 18])


def test_a_word_across_the_row_shortens_it_and_hides_its_loops(
    finder: CapillaryFinder, drawn: list[NailfoldPhantom]
) -> None:
    phantom = next(one for one in drawn if not one.labels["too_blurry"] and len(one.capillaries) > 7)
    scale = phantom.view.um_per_px
    tips = phantom.view.to_pixels(np.array([(c.u, c.v) for c in phantom.capillaries], np.float32))
    x, y = np.median(tips, axis=0)
    written = with_word(phantom.pixels, (255, 255, 255), (int(y) - 12, int(x) - 40), 20)
    clean = clean_picture(written)
    before, after = finder.measure(phantom.pixels, scale), finder.measure(clean.pixels, scale, clean.hidden)
    assert isinstance(before, PictureMeasures) and isinstance(after, PictureMeasures)
    assert before.hidden_row_mm == 0
    assert after.hidden_row_mm > 0.1
    assert after.row_mm + after.hidden_row_mm == pytest.approx(before.row_mm, rel=0.1)
    assert len(after.loops) < len(before.loops)
    assert clean.hidden is not None
    assert not any(clean.hidden[round(loop.y), round(loop.x)] for loop in after.loops)


def test_measures_of_a_picture_written_over_are_those_of_the_clean_one(finder: CapillaryFinder) -> None:
    pictures = written_pictures(finder, Patients(FIRST, 2))
    for those in pictures.values():
        assert those
        for picture in those:
            assert picture.written.written_over and not picture.clean.written_over
            assert picture.both is not None
            clean, written = picture.both
            assert abs(len(written.loops) - len(clean.loops)) <= 1
            assert written.row_mm + written.hidden_row_mm == pytest.approx(clean.row_mm, rel=0.05)


def test_all_of_a_picture_hidden_leaves_nothing_to_measure(
    finder: CapillaryFinder, drawn: list[NailfoldPhantom]
) -> None:
    phantom = next(one for one in drawn if not one.labels["too_blurry"])
    hidden = np.ones(phantom.pixels.shape[:2], np.bool_)
    found = finder.measure(phantom.pixels, phantom.view.um_per_px, hidden)
    assert not isinstance(found, PictureMeasures) and found.reason == "no_row"


def test_a_view_without_anything_hidden_has_no_covered_part() -> None:
    assert not torch.any(hidden_view(np.zeros((40, 60), np.bool_), (40, 60)))
