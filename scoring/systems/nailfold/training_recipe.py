"""A training recipe: which network, from which weights it starts, how it is shown the pictures, and for how long.

Read from TOML (``recipe.toml`` and ``demonstration.toml`` beside this file show every key); declared, never executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from scoring.learning.phase import Phase, read_phases
from scoring.learning.recipe_table import read_recipe_file, recipe_section, refuse_faults
from scoring.networks.timm_trunk import NONE, SCHEMES, Scheme
from scoring.systems.nailfold.backbones import PART_NETWORK

LossName = Literal["weighted", "focal", "plain"]
_STEP: Final = 32
_COURSES: Final = ("labels", "parts", "shapes")


@dataclass(frozen=True, slots=True)
class PicturePhase(Phase):
    """One course on pictures."""

    patients: int = 0
    """Phantom patients drawn for it."""
    of_each: int = 2
    """Pictures of each of them."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """All of it."""

    backbone: str
    """By timm's name (``convnextv2_tiny``, ``convnext_tiny``), or ``part_network``."""
    rows: int
    columns: int
    """Size of a picture as the network sees it."""
    folds: int
    labels: PicturePhase
    """On labels: once for each fold, then on all."""
    start: str = NONE
    """``hub``: the published weights, fetched; a safetensors file of them; ``none``: untrained."""
    scheme: Scheme = "all"
    """What of a timm backbone the labels may change."""
    layer_decay: float = 0.75
    """Each layer learns slower than the one after it by this factor."""
    loss: LossName = "weighted"
    """Binary cross entropy with positive weights, focal loss, or binary cross entropy alone."""
    focal_gamma: float = 2.0
    held_out: float = 0.2
    """Share of a table's patients on whom the result is measured."""
    floor_of_sensitivity: float = 0.0
    """Thresholds are those of the best F1 among those with at least this sensitivity."""
    commercial: bool = False
    """True: published weights whose licence forbids commercial use are refused as a start."""
    parts: PicturePhase | None = None
    """On phantoms, the places of whose parts are known; of ``part_network`` alone."""
    shapes: PicturePhase | None = None
    """Once more on those of these phantoms that are sharp: shapes are learnt slowest, and only there are they seen."""
    mirrored: bool = False
    """A picture and its mirror image are judged together: twice the work, and steadier answers."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the network, such as ``widths`` of ``part_network``."""

    @property
    def has_published_start(self) -> bool:
        """True where the network begins with weights that others have learnt."""
        return self.start != NONE

    def as_json(self) -> dict[str, Any]:
        """For the record of a run: another recipe, another run."""
        return asdict(self)


def read_recipe(path: Path) -> TrainingRecipe:
    """Read and check a recipe. TrainingError names the file, the key, what was found and what is allowed."""
    raw = read_recipe_file(path)
    phases = read_phases(PicturePhase, raw, _COURSES, path)
    recipe = recipe_section(TrainingRecipe, raw | phases, path, "recipe")
    refuse_faults(_faults(recipe), path)
    return recipe


def _faults(recipe: TrainingRecipe) -> Mapping[str, bool]:
    """Whether the recipe makes no sense, by what is wanted."""
    ours = recipe.backbone == PART_NETWORK
    return {
        f"rows and columns must be multiples of {_STEP} (of 16 for {PART_NETWORK}), at least {_STEP}": any(
            size < _STEP or size % (16 if ours else _STEP) for size in (recipe.rows, recipe.columns)
        ),
        "folds must be 2 or more": recipe.folds < 2,
        f"loss must be one of {', '.join(get_args(LossName))}": recipe.loss not in get_args(LossName),
        f"scheme must be one of {', '.join(SCHEMES)}": recipe.scheme not in SCHEMES,
        "layer_decay must lie above 0 and be at most 1": not 0 < recipe.layer_decay <= 1,
        "focal_gamma must not be negative": recipe.focal_gamma < 0,
        "held_out must lie between 0 and 1": not 0 < recipe.held_out < 1,
        "floor_of_sensitivity must lie from 0 to 1": not 0 <= recipe.floor_of_sensitivity <= 1,
        f"the course [parts] is of {PART_NETWORK} alone": recipe.parts is not None and not ours,
        "the course [shapes] follows [parts]": recipe.shapes is not None and recipe.parts is None,
        "parts.patients must be 1 or more": recipe.parts is not None and recipe.parts.patients < 1,
        f'{PART_NETWORK} has no published weights: start must be "{NONE}"': ours and recipe.has_published_start,
    }
