"""The scoring system: hands found, one chosen a side, every site cropped, graded, explained and summed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from scoring.anatomy.exposure_choice import HandOnFilm
from scoring.anatomy.film_search import search_films
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.heat_on_film import HeatOfHand, heatmaps
from scoring.contract import Findings, HeatmapFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.networks.torch_start import load_weights, start_torch
from scoring.quality import hand_quality
from scoring.result import ScoreItem
from scoring.score_rules.sharp_van_der_heijde import SITES, Side
from scoring.spec import SystemSpec
from scoring.systems.hand_joints.grading import CropGrades, grade_crops
from scoring.systems.hand_joints.hand_items import hand_items, side_not_imaged
from scoring.systems.hand_joints.interpretation import ABOUT, METHOD, DamageExplainer
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import Grey, crop_affines, cut_crops, frame_of, normalised
from scoring.systems.hand_joints.totals import totals
from scoring.weights import WeightRecord, WeightsInUse, read_weights_in_use

GRADER_ROLE: Final = "joint_grader"


def open_system(spec: SystemSpec) -> HandJoints:
    """Load the finder and the grader; WeightsError when a weight file is missing, changed or not listed."""
    start_torch()
    weights = read_weights_in_use(spec.weights_files)
    grader = JointGrader()
    load_weights(grader, weights.own.file(GRADER_ROLE))
    return HandJoints(spec, HandFinder.open(), grader, weights)


class HandJoints:
    """The system with its weights loaded. One job at a time."""

    def __init__(self, spec: SystemSpec, finder: HandFinder, grader: JointGrader, weights: WeightsInUse) -> None:
        self.spec: Final = spec
        self.weights: Final[tuple[WeightRecord, ...]] = weights.files
        self.statement: Final = weights.own.statement
        self._finder = finder
        self._grader = grader
        self._explainer = DamageExplainer(grader)

    @property
    def networks(self) -> tuple[JointGrader]:
        """The network that grades."""
        return (self._grader,)

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Grade both hands on one to many films; see ``scoring.contract.ScoringSystem``. ``entered`` is not used."""
        search = search_films(self._finder, images)
        if not search.found:
            return search.no_hand(self.spec)
        chosen = search.chosen()
        hands = [chosen[side] for side in self.spec.sides if side in chosen]
        raw = [cut_crops(film.pixels, frame_of(film.hand)) for film in hands]
        crops = normalised(np.concatenate(raw))
        grades = grade_crops(self._grader, crops)
        items = self._items(chosen, hands, grades)
        return search.findings(
            hands,
            qualities=[hand_quality(one) for one in raw],
            items=items,
            totals=totals(self.spec, items),
            heatmaps=self._heatmaps(hands, crops, grades),
        )

    def _items(
        self, chosen: dict[Side, HandOnFilm], hands: list[HandOnFilm], grades: CropGrades
    ) -> tuple[ScoreItem, ...]:
        items: list[ScoreItem] = []
        for side in self.spec.sides:
            if side in chosen:
                items += hand_items(self.spec, chosen[side], grades, hands.index(chosen[side]) * len(SITES))
            else:
                items += side_not_imaged(self.spec, side)
        return tuple(items)

    def _heatmaps(self, hands: list[HandOnFilm], crops: Grey, grades: CropGrades) -> tuple[HeatmapFinding, ...]:
        sites = torch.arange(len(SITES)).repeat(len(hands))
        heat = self._explainer.heat(torch.from_numpy(crops)[:, None], sites, _shown_damage(hands, grades))
        by_hand = heat.reshape(len(hands), len(SITES), *heat.shape[1:])
        affines = [crop_affines(frame_of(film.hand)) for film in hands]
        of_hands = [HeatOfHand(film, one, to_film) for film, one, to_film in zip(hands, by_hand, affines, strict=True)]
        return heatmaps(of_hands, METHOD, ABOUT)


def _shown_damage(hands: list[HandOnFilm], grades: CropGrades) -> Grey:
    """(hands * 22,) expected damage; zero at a site that was not assessed: nothing is shown where nothing is said."""
    damage = grades.damage()
    seen = [film.hand.sites[site].status == "found" for film in hands for site in SITES]
    return np.asarray(np.where(seen, damage, 0.0), np.float32)
