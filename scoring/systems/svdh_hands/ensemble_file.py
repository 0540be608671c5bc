"""``ensemble.toml``: which networks an ensemble has, how they see, and how their answers are put together.

Written by a training run beside the members' weights, listed with its hash in weights.toml as they are.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

from scoring.errors import WeightsError
from scoring.learning.stacking import Blend, Stack
from scoring.systems.svdh_hands.training_recipe import Member, TrainingRecipe

ENSEMBLE_FILE: Final = "ensemble.toml"
ENSEMBLE_ROLE: Final = "ensemble"


@dataclass(frozen=True, slots=True)
class MemberShape:
    """What must be known to build a member before its weights are read."""

    name: str
    backbone: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EnsembleShape:
    """Members in the order of the stack's weights; ``pixels``: longer edge of a view."""

    pixels: int
    members: tuple[MemberShape, ...]
    stack: Stack


def ensemble_of(recipe: TrainingRecipe, stack: Stack) -> EnsembleShape:
    """What a recipe's ensemble is, once its stack is learnt."""
    return EnsembleShape(recipe.pixels, tuple(_shape_of(m) for m in recipe.members if m.in_ensemble), stack)


def ensemble_text(shape: EnsembleShape) -> str:
    """As TOML."""
    lines = [f"pixels = {shape.pixels}", f'blend = "{shape.stack.blend}"', f"intercept = {shape.stack.intercept!r}"]
    for member, weight in zip(shape.members, shape.stack.weights, strict=True):
        options = ", ".join(f"{key} = {json.dumps(value)}" for key, value in member.options.items())
        lines += ["", "[[members]]", f'name = "{member.name}"', f'backbone = "{member.backbone}"']
        lines += [f"options = {{ {options} }}" if options else "options = {}", f"weight = {weight!r}"]
    return "\n".join(lines) + "\n"


def read_ensemble(content: bytes) -> EnsembleShape:
    """The shape from the file's checked bytes; WeightsError when it is none."""
    try:
        raw = tomllib.loads(content.decode())
        members = tuple(MemberShape(str(m["name"]), str(m["backbone"]), dict(m["options"])) for m in raw["members"])
        weights = tuple(float(m["weight"]) for m in raw["members"])
        blend, intercept = raw["blend"], float(raw["intercept"])
        if not members or blend not in get_args(Blend):
            raise ValueError("no members, or an unknown blend")
        names = tuple(member.name for member in members)
        return EnsembleShape(int(raw["pixels"]), members, Stack(names, weights, intercept, cast(Blend, blend)))
    except (UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{ENSEMBLE_FILE} does not say what the ensemble is ({type(error).__name__}); restore it, or train again."
        ) from None


def _shape_of(member: Member) -> MemberShape:
    return MemberShape(member.name, member.backbone, dict(member.options))
