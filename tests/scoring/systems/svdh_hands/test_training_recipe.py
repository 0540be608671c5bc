"""A recipe is declared and checked: what is wrong in it is named before anything is learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

import scoring.systems.svdh_hands as package
from scoring.errors import TrainingError
from scoring.networks.timm_trunk import SCHEMES
from scoring.systems.svdh_hands.training_recipe import read_recipe
from tests.scoring.systems.svdh_hands.small_recipe import SMALL_RECIPE, small_recipe

FOLDER = Path(package.__file__).parent


def test_the_packaged_recipe_is_the_published_system() -> None:
    recipe = read_recipe(FOLDER / "recipe.toml")
    assert recipe.pixels == 512
    assert [member.backbone for member in recipe.members] == ["resnet50", "mobilenetv2_100"]
    assert recipe.bone_age is not None and recipe.folds >= 3


def test_the_recipe_that_a_stranger_copies_from_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "own_weights.md").read_text(encoding="utf-8")
    text = page.partition("`small.toml`")[2].partition("```toml\n")[2].partition("```")[0]
    recipe = read_recipe(small_recipe(tmp_path, text))
    assert len(recipe.members) == 2 and recipe.joints is not None


def test_the_demonstration_compares_every_scheme_on_each_of_its_trunks() -> None:
    recipe = read_recipe(FOLDER / "demonstration.toml")
    compared = {(member.trunk, member.scheme) for member in recipe.members}
    assert compared == {(trunk, scheme) for trunk in {member.trunk for member in recipe.members} for scheme in SCHEMES}
    assert sum(member.in_ensemble for member in recipe.members) >= 2


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("pixels = 64", "pixels = 65", "pixels must be a multiple of 32"),
        ("folds = 2", "folds = 1", "folds must be 2 or more"),
        ('blend = "non_negative"', 'blend = "mean"', "blend must be one of ridge, non_negative"),
        ('scheme = "last_stage"', 'scheme = "some"', "scheme must be one of head, last_stage, all"),
        ('scheme = "last_stage"', 'sceme = "all"', "members[0] has the unknown key 'sceme'"),
        ('backbone = "mobilenetv2_035"', "", "members[0] lacks"),
        ("epochs = 2", 'epochs = "2"', "totals.epochs must be of the kind int, found '2'"),
        ("epochs = 2", "epochs = 0", "[totals]: The recipe says epochs = 0; allowed are positive numbers"),
        ("rate = 1e-3", "rate = inf", "[totals]: The recipe says rate = inf"),
        ("rate = 1e-3", "rate = 1e-3\nevenness = 2", "evenness must lie between 0 and 1"),
        ('name = "tiny"', 'name = "../tiny"', "a name of its own"),
        ("[[members]]", "[members]", "members must be one or more tables"),
        ("[totals]", "[total]", "recipe has the unknown key 'total'"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, found: str, instead: str, said: str) -> None:
    assert found in SMALL_RECIPE
    path = small_recipe(tmp_path, SMALL_RECIPE.replace(found, instead))
    with pytest.raises(TrainingError) as raised:
        read_recipe(path)
    assert "small.toml" in str(raised.value) and said in str(raised.value)
