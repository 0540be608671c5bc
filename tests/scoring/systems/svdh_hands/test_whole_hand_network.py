"""A map of damage whose sum is the score, and a severity class whose cuts never contradict each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import scoring.systems.svdh_hands as package
from scoring.learning.course import Course
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import fit
from scoring.networks.ordinal_head import most_plausible_grade
from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.torch_start import start_torch
from scoring.networks.whole_hand import WholeHandNetwork, damage_truth
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.hand_material import HandMaterial, hand_loss, severity_class
from scoring.systems.svdh_hands.preprocessing import margin_of, view_shape
from scoring.systems.svdh_hands.training_recipe import read_recipe

CUTS = (1, 10, 20, 40, 70, 110, 160)


def drawn_book(hands: int, pixels: int, places_known: bool = True) -> HandBook:
    chance = np.random.default_rng(1)
    rows, columns = (n + 2 * margin_of(pixels) for n in view_shape(pixels))
    damage = chance.integers(0, 6, (hands, 22)).astype(np.float32)
    book = HandBook(
        chance.integers(0, 256, (hands, rows, columns)).astype(np.uint8),
        damage.sum(1),
        chance.uniform(margin_of(pixels), columns - margin_of(pixels), (hands, 22, 2)).astype(np.float32),
        damage,
        tuple(f"P{n}" for n in range(hands)),
    )
    return book if places_known else book.without_places()


def test_the_total_is_the_sum_of_the_map_and_never_negative() -> None:
    start_torch()
    network = WholeHandNetwork(TimmTrunk.untrained("mobilenetv2_035"), CUTS).eval()
    judged = network(torch.randn(3, 1, 64, 64))
    assert judged.damage.shape == (3, 2, 2)
    assert torch.allclose(judged.damage.sum((1, 2)), judged.total)
    assert (judged.damage >= 0).all()
    assert (judged.severity.diff(dim=1) <= 0).all(), "P(class > k) must not rise with k"


def test_damage_is_laid_on_the_cells_around_its_place_and_none_is_lost() -> None:
    # given: cells of 10 pixels; a place in the middle of the first cell, one between two, one outside
    places = torch.tensor([[[4.5, 4.5], [9.5, 4.5], [90.0, 4.5]]])
    amounts = torch.tensor([[3.0, 4.0, 5.0]])
    truth = damage_truth(places, amounts, (2, 3), 10)
    assert truth[0, 0].tolist() == pytest.approx([5.0, 2.0, 5.0])
    assert truth.sum() == pytest.approx(12.0)


@pytest.mark.parametrize(("total", "wanted"), [(0, 0), (0.9, 0), (1, 1), (69.9, 4), (70, 5), (280, 7)])
def test_a_class_begins_at_its_cut_off(total: float, wanted: int) -> None:
    assert severity_class(total, CUTS) == wanted


def test_the_class_changes_sides_between_the_totals_around_a_cut_off() -> None:
    network = WholeHandNetwork(TimmTrunk.untrained("mobilenetv2_035"), CUTS)
    totals = torch.tensor([float(cut - below) for cut in CUTS for below in (1, 0)])
    said = most_plausible_grade(network.severity(totals))
    assert said.tolist() == [severity_class(float(total), CUTS) for total in totals]


def test_hands_of_which_only_the_total_is_known_cost_nothing_for_places() -> None:
    start_torch()
    network = WholeHandNetwork(TimmTrunk.untrained("mobilenetv2_035"), CUTS).eval()
    losses = []
    for known in (True, False):
        material = HandMaterial(drawn_book(4, 64, known), 64, CUTS)
        losses.append(float(hand_loss(network, material.batch(np.arange(4), np.random.default_rng(3))).detach()))
    assert np.isfinite(losses).all()
    assert losses[1] < losses[0]


@pytest.mark.parametrize("number", [0, 1], ids=["resnet50", "mobilenetv2_100"])
def test_the_published_networks_learn_at_their_full_size(number: int, tmp_path: Path) -> None:
    # given: the recipe of the paper, its member begun untrained
    start_torch()
    recipe = read_recipe(Path(package.__file__).with_name("recipe.toml"))
    member = recipe.members[number]
    network = WholeHandNetwork(TimmTrunk.untrained(member.backbone), CUTS)
    network.trunk.learn_only(member.scheme)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    material = HandMaterial(drawn_book(2, recipe.pixels), recipe.pixels, CUTS)
    # when: two steps
    with RunFolder(tmp_path, {"what": "full size"}) as run:
        fit(network, material, hand_loss, Course(epochs=1, batch=1, rate=1e-4, seed=1), run.part(member.name))
    # then: all of it has changed, from the stem on
    moved = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])]
    assert {"trunk.backbone.conv1.weight", "trunk.backbone.conv_stem.weight"} & set(moved)
    assert {"head.severity.log_slope", "head.severity.shift"} <= set(moved)
