"""What is learnt from: pictures as a phone might have taken them, and the places of their parts moved with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scoring.learning.label import Label, LabelItem
from scoring.learning.showing_order import chance_of
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.pattern import PATTERNS
from scoring.systems.nailfold.augmentation import augmented
from scoring.systems.nailfold.part_maps import PARTS, STRIDE, part_maps
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.picture_material import PictureMaterial, label_loss, positive_weights
from scoring.systems.nailfold.readings import picture_truth

ROWS, COLUMNS = 96, 128


def book(count: int = 4) -> PictureBook:
    views = np.random.default_rng(1).integers(0, 255, (count, ROWS, COLUMNS, 3), np.uint8)
    truth = np.zeros((count, 5), np.float32)
    truth[0, :4] = np.nan
    return PictureBook(views, truth, tuple(f"P{n}" for n in range(count)), ("",) * count)


def test_the_same_chance_makes_the_same_batch_and_another_another() -> None:
    material, chosen = PictureMaterial(book()), np.arange(4)
    first, again, other = (material.batch(chosen, chance_of(7, 0, n)) for n in (0, 0, 1))
    assert torch.equal(first["pictures"], again["pictures"])
    assert not torch.equal(first["pictures"], other["pictures"])
    assert float(first["pictures"].min()) >= 0 and float(first["pictures"].max()) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_places_of_parts_move_with_the_picture(seed: int) -> None:
    """Given a white square on a grey picture, and a map that is hot there; then it is there that it stays hot."""
    pictures, maps = torch.full((1, 3, ROWS, COLUMNS), 0.3), torch.zeros(1, 1, ROWS // STRIDE, COLUMNS // STRIDE)
    pictures[..., 32:48, 80:96] = 1.0
    maps[..., 8:12, 20:24] = 1.0
    seen, moved = augmented(pictures, maps, chance_of(seed, 0))
    assert moved is not None
    marked = torch.nn.functional.interpolate(moved, scale_factor=STRIDE)[0, 0] > 0.5
    assert marked.any()
    assert float(seen[0].mean(0)[marked].mean()) > float(seen[0].mean(0)[~marked].mean()) + 0.2


def test_maps_of_a_drawn_picture_say_what_its_labels_say() -> None:
    """Of the patterns in which all of it happens: a map is hot exactly where the phantom has such a part in sight."""
    for number, pattern in enumerate(PATTERNS):
        drawn = draw_nailfold(draw_patient(40 + number, pattern), "R", "RING", columns=160, too_blurry=False)
        maps = part_maps(drawn)
        assert maps.shape == (len(PARTS), 120 // STRIDE, 160 // STRIDE)
        assert bool(maps[PARTS.index("apex")].any()) == bool(drawn.capillaries)
        assert bool(maps[PARTS.index("giant")].any()) == drawn.labels["giant"]
        assert not maps[PARTS.index("abnormal_shape")].any() or drawn.labels["abnormal_shape"]


def test_features_of_a_picture_that_was_not_judged_cost_nothing() -> None:
    class Fixed(torch.nn.Module):
        def __init__(self, logits: torch.Tensor) -> None:
            super().__init__()
            self.logits = logits

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return self.logits

    batch = {"pictures": torch.zeros(4, 3, 8, 8), "truth": torch.from_numpy(book().truth)}
    same, other = torch.zeros(4, 5), torch.zeros(4, 5)
    other[0, :4] = 9.0
    for weights, gamma in ((None, 0.0), ((2.0,) * 5, 0.0), (None, 2.0)):
        loss = label_loss(weights, gamma)
        assert float(loss(Fixed(same), batch)) == float(loss(Fixed(other), batch))


def test_rare_labels_weigh_more() -> None:
    truth = np.array([[1, 0, 0, 0, np.nan]] * 1 + [[0, 1, 0, 0, np.nan]] * 3, np.float32)
    assert positive_weights(truth) == (3.0, pytest.approx(1 / 3), 1.0, 1.0, 1.0)


def said(item: LabelItem, value: float | None, reader: str) -> Label:
    status = "scored" if value is not None else "not_assessable"
    return Label(
        subject="P", image="p.jpg", side="R", site="RING", item=item, value=value, status=status, reader=reader
    )


def test_readers_are_averaged_and_features_of_a_blurry_picture_are_left_out() -> None:
    sharp = [said("giant", 1, "A"), said("giant", 0, "B"), said("too_blurry", 0, "A"), said("haemorrhage", None, "A")]
    np.testing.assert_equal(picture_truth(sharp), [np.nan, 0.5, np.nan, np.nan, 0.0])
    blurry = [*sharp, said("too_blurry", 1, "B")]
    np.testing.assert_equal(picture_truth(blurry), [np.nan, np.nan, np.nan, np.nan, 0.5])
