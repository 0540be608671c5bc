"""A training recipe: which networks, from which weights they start, how much of them learns, and for how long.

Read from TOML (``recipe.toml`` and ``demonstration.toml`` beside this file show every key); declared, never executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from scoring.learning.phase import Phase, read_phases
from scoring.learning.recipe_table import read_recipe_file, recipe_section, recipe_tables, refuse_faults
from scoring.learning.stacking import Blend
from scoring.networks.timm_trunk import NONE, SCHEMES, Scheme

_COURSES: Final = ("totals", "joints", "bone_age")
_BLENDS: Final = get_args(Blend)


@dataclass(frozen=True, slots=True)
class Member:
    """One network of the ensemble."""

    name: str
    """Of its weight file; letters, digits, hyphen and underscore."""
    backbone: str
    """By timm's name."""
    start: str = NONE
    """``hub``: the published weights, fetched; a safetensors file of them; ``none``: untrained."""
    scheme: Scheme = "all"
    """What of it the readers' totals may change."""
    layer_decay: float = 0.75
    """Each layer learns slower than the one after it by this factor."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of timm's model, such as ``channels`` of a slim ResNet."""
    in_ensemble: bool = True
    """False: learnt on the folds alone, to be compared with the others."""

    @property
    def trunk(self) -> tuple[str, str, str]:
        """Members of one trunk share what is learnt before the readers' totals."""
        return self.backbone, self.start, repr(sorted(self.options.items()))


@dataclass(frozen=True, slots=True)
class HandPhase(Phase):
    """One course of every member."""

    pixels: int = 0
    """Longer edge of the views; 0: the recipe's."""
    hands: int = 0
    """Phantom hands drawn for it."""
    damaged: int = 0
    """Real hands with damage drawn into them, where the films are at hand."""
    evenness: float = 0.0
    """0: hands as they come; 1: every severity class equally often."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """All of it."""

    pixels: int
    """Longer edge of the views that are scored."""
    folds: int
    blend: Blend
    members: tuple[Member, ...]
    totals: HandPhase
    """On readers' totals: once for each fold, then on all."""
    joints: HandPhase | None = None
    """On phantoms, whose damage is known by place."""
    bone_age: HandPhase | None = None
    """On children's films, whose skeletal age is known."""
    bone_age_films: str = ""
    """Their folder, seen from the recipe's; empty: this course is left out."""

    def as_json(self) -> dict[str, Any]:
        """For the record of a run: another recipe, another run."""
        return asdict(self)


def read_recipe(path: Path) -> TrainingRecipe:
    """Read and check a recipe. TrainingError names the file, the key, what was found and what is allowed."""
    raw = read_recipe_file(path)
    tables = recipe_tables(raw, "members", path)
    members = tuple(recipe_section(Member, one, path, f"members[{n}]") for n, one in enumerate(tables))
    phases = read_phases(HandPhase, raw, _COURSES, path)
    recipe = recipe_section(TrainingRecipe, raw | {"members": members} | phases, path, "recipe")
    refuse_faults(_faults(recipe), path)
    return recipe


def _faults(recipe: TrainingRecipe) -> Mapping[str, bool]:
    """Whether the recipe makes no sense, by what is wanted."""
    names = [member.name for member in recipe.members]
    return {
        "pixels must be a multiple of 32 from 64 on": recipe.pixels < 64 or recipe.pixels % 32 != 0,
        "folds must be 2 or more": recipe.folds < 2,
        f"blend must be one of {', '.join(_BLENDS)}": recipe.blend not in _BLENDS,
        "every member needs a name of its own, of letters, digits, - and _": len(set(names)) < len(names)
        or not all(name.replace("-", "").replace("_", "").isalnum() for name in names),
        f"scheme must be one of {', '.join(SCHEMES)}": any(m.scheme not in SCHEMES for m in recipe.members),
        "layer_decay must lie above 0 and be at most 1": any(not 0 < m.layer_decay <= 1 for m in recipe.members),
        "a member must be in the ensemble": not any(member.in_ensemble for member in recipe.members),
        "joints.hands must be 1 or more": recipe.joints is not None and recipe.joints.hands < 1,
        "evenness must lie between 0 and 1": not 0 <= recipe.totals.evenness <= 1,
    }
