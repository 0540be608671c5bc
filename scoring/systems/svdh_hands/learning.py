"""How an ensemble is learnt: each member in courses, then once for every fold, and the stack from what the folds said.

Courses of a member: skeletal age, places of damage on phantoms, readers' totals. The last is taken once without each
fold's patients and once with all; predictions for a fold come from the network that has not seen its patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from scoring.learning.cases import Case
from scoring.learning.splits import folds
from scoring.learning.stacking import Stack, fit_stack
from scoring.learning.training_run import TrainingRun
from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.whole_hand import AgeNetwork, HandJudgement, WholeHandNetwork
from scoring.systems.svdh_hands.augmentation import as_scored
from scoring.systems.svdh_hands.bone_age import AgeBook, AgeMaterial, age_loss
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.hand_material import HandMaterial, hand_loss
from scoring.systems.svdh_hands.training_recipe import HandPhase, Member, TrainingRecipe

_WEIGHT_DECAY: Final = 0.02
_AT_ONCE: Final = 32
"""Hands judged in one go."""


@dataclass(frozen=True)
class Lessons:
    """What there is to learn from. ``totals``: patients are told apart by it; the others are None without a course."""

    totals: HandBook
    joints: HandBook | None
    ages: AgeBook | None


@dataclass(frozen=True)
class Learnt:
    """What was learnt, and what each network said of hands that it had not seen: by name (n,); NaN never."""

    networks: dict[str, WholeHandNetwork]
    stack: Stack
    out_of_fold: dict[str, npt.NDArray[np.float64]]


class Teacher:
    """Learns one recipe within one run's folder; what is done there is taken up, not done again."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        cut_offs: tuple[int, ...],
        run: TrainingRun,
        weights_folder: Path = Path(),
    ) -> None:
        """``weights_folder``: where the files lie that members start from."""
        self._recipe, self._cuts, self._run, self._folder = recipe, cut_offs, run, weights_folder

    def open_trunks(self) -> None:
        """Fetch or open what every member starts from; TrainingError now rather than after hours of other work."""
        for member in {member.trunk: member for member in self._recipe.members}.values():
            self._trunk(member)

    def learn(self, lessons: Lessons) -> Learnt:
        """Everything; TrainingError and LabelError as the training loop, the splits and the trunks raise them."""
        parts = self.folds(lessons.totals)
        said: dict[str, npt.NDArray[np.float64]] = {}
        networks: dict[str, WholeHandNetwork] = {}
        for member in self._recipe.members:
            taught = self._prepared(member, lessons)
            said[member.name] = np.full(len(lessons.totals), np.nan)
            for fold, inside in enumerate(parts, 1):
                network = self._totals(member, taught, lessons.totals.only(~inside), f"fold_{fold}")
                unseen = lessons.totals.only(inside)
                said[member.name][inside] = totals_of(network, unseen, self._recipe.pixels)
            if member.in_ensemble:
                networks[member.name] = self._totals(member, taught, lessons.totals, "all")
        stacked = np.stack([said[name] for name in networks], 1)
        stack = fit_stack(tuple(networks), stacked, lessons.totals.totals, self._recipe.blend)
        return Learnt(networks, stack, said)

    def folds(self, book: HandBook) -> list[npt.NDArray[np.bool_]]:
        """Which hands (n,) each fold holds: whole patients, every fold with its share of small and large scores.

        LabelError when a fold would be empty, or of a single class.
        """
        pairs = zip(book.patients, book.totals.tolist(), strict=True)
        cases = [Case(patient, len(("R", "L")) * total) for patient, total in pairs]
        split = self._run.folder.kept(folds(cases, "", self._run.seed, self._recipe.folds, bands=self._cuts))
        return [np.isin(np.array(book.patients), np.array(names)) for names in split.parts.values()]

    def _prepared(self, member: Member, lessons: Lessons) -> WholeHandNetwork:
        """The member before it has seen a reader's total; members of one trunk have the first one's."""
        number, first = next((n, m) for n, m in enumerate(self._recipe.members) if m.trunk == member.trunk)
        torch.manual_seed(self._run.seed + number)
        network = WholeHandNetwork(self._trunk(member), self._cuts)
        course = self._recipe.bone_age
        if lessons.ages is not None and course is not None:
            ages = AgeNetwork(network.trunk)
            self._run.take(ages, AgeMaterial(lessons.ages), age_loss, course, f"{first.name}-bone_age")
        course = self._recipe.joints
        if lessons.joints is not None and course is not None:
            material = self._material(lessons.joints, course)
            self._run.take(network, material, hand_loss, course, f"{first.name}-joints")
        return network

    def _totals(self, member: Member, taught: WholeHandNetwork, book: HandBook, part: str) -> WholeHandNetwork:
        """A copy of the member that has seen the totals of these hands too, as far as its scheme lets it."""
        network, course = deepcopy(taught), self._recipe.totals
        network.trunk.learn_only(member.scheme)
        groups: list[dict[str, object]] = [{"params": list(network.head.parameters()), "weight_decay": _WEIGHT_DECAY}]
        groups += network.trunk.parameter_groups(_WEIGHT_DECAY, member.layer_decay)
        self._run.take(network, self._material(book, course), hand_loss, course, f"{member.name}-{part}", groups)
        return network

    def _material(self, book: HandBook, course: HandPhase) -> HandMaterial:
        return HandMaterial(book, self._recipe.pixels, self._cuts, course.evenness)

    def _trunk(self, member: Member) -> TimmTrunk:
        return TimmTrunk.begun(member.backbone, member.start, self._folder, **member.options)


def totals_of(network: WholeHandNetwork, book: HandBook, pixels: int) -> npt.NDArray[np.float64]:
    """(n,) what one network says of the hands of a book."""
    pages: Sequence[Tensor] = [
        judged(network, as_scored(book, pixels, slice(first, first + _AT_ONCE))).total
        for first in range(0, len(book), _AT_ONCE)
    ]
    return torch.cat(list(pages)).double().numpy()


def judged(network: WholeHandNetwork, views: Tensor) -> HandJudgement:
    """One forward pass without gradients, in evaluation mode, on the processor."""
    # one layout for a network that has just learnt and for one that was read: they must answer alike to the last bit
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    with torch.inference_mode():
        found: HandJudgement = network(views.contiguous(memory_format=torch.channels_last))
    return found
