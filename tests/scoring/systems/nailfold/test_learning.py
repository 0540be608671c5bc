"""One teacher for every backbone: timm's as far as the scheme lets it, folds by networks that did not see them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scoring.errors import TrainingError
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_run import TrainingRun
from scoring.systems.nailfold.learning import Teacher
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.training_recipe import PicturePhase, TrainingRecipe, read_recipe
from tests.scoring.systems.nailfold.small_recipe import SMALL_RECIPE, small_recipe

CONVNEXT = TrainingRecipe("test_convnext2", 64, 64, 2, PicturePhase(epochs=1, batch=8, rate=1e-2), scheme="last_stage")


def book(count: int = 16) -> PictureBook:
    views = np.random.default_rng(1).integers(0, 255, (count, 64, 64, 3), np.uint8)
    truth = np.tile(np.array([[0.0], [1.0]], np.float32), (count // 2, 5))
    return PictureBook(views, truth, tuple(f"P{n // 2}" for n in range(count)), ("",) * count)


def test_a_timm_backbone_changes_where_its_scheme_lets_it(tmp_path: Path) -> None:
    first = np.arange(16) < 8
    with RunFolder(tmp_path / "run", {}) as folder:
        teacher = Teacher(CONVNEXT, TrainingRun(folder, 7))
        begun = teacher.begin()
        before = {name: tensor.clone() for name, tensor in begun.state_dict().items()}
        learnt = teacher.learn(begun, None, book(), {"fold 1": first, "fold 2": ~first})
    changed = {
        name for name, tensor in learnt.network.module.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert {"head.1.weight", "head.1.bias"} < changed
    assert any("stages.3" in name for name in changed) and not any("stem" in name for name in changed)
    assert np.isfinite(learnt.out_of_fold).all()
    assert {path.stem for path in (tmp_path / "run" / "parts").iterdir()} == {"fold_1", "fold_2", "all"}


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("rows = 48", "rows = 50", r"rows and columns must be multiples of 32 \(of 16 for part_network\)"),
        ("folds = 2", "folds = 1", "folds must be 2 or more"),
        ("folds = 2", 'folds = 2\nloss = "hinge"', "loss must be one of weighted, focal, plain"),
        ("folds = 2", 'folds = 2\nstart = "hub"', "part_network has no published weights"),
        ("folds = 2", "folds = 2\nfold = 3", "recipe has the unknown key 'fold'"),
        ("epochs = 2", "epochs = 0", r"small\.toml, \[labels\]: The recipe says epochs = 0"),
        ("epochs = 2", 'epochs = "two"', "labels.epochs must be of the kind int"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path: Path, found: str, instead: str, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        read_recipe(small_recipe(tmp_path, SMALL_RECIPE.replace(found, instead)))


def test_a_backbone_that_timm_has_not_is_refused(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, SMALL_RECIPE.replace("part_network", "convnextv9").replace("48", "64"))
    text = recipe.read_text(encoding="utf-8").replace("options = { widths = [4, 4, 8, 8] }\n", "")
    with (
        pytest.raises(TrainingError, match="timm has no backbone 'convnextv9'"),
        RunFolder(tmp_path / "run", {}) as folder,
    ):
        Teacher(read_recipe(small_recipe(tmp_path, text)), TrainingRun(folder, 7)).begin()
