"""The scoring system: hands found, one chosen a side, each judged whole by the ensemble, explained and summed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.anatomy.exposure_choice import HandOnFilm
from scoring.anatomy.film_search import search_films
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.heat_on_film import HeatOfHand, heatmaps
from scoring.contract import Findings, HeatmapFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.learning.label import HAND, TOTAL
from scoring.networks.torch_start import start_torch
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.quality import hand_quality
from scoring.result import ScoreItem
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.spec import SystemSpec
from scoring.systems.svdh_hands.ensemble import Ensemble, HandOpinions
from scoring.systems.svdh_hands.interpretation import ABOUT, METHOD, TotalExplainer
from scoring.systems.svdh_hands.preprocessing import Views, hand_view, palm_and_wrist, view_affine
from scoring.systems.svdh_hands.totals import severity_cuts, total_rows
from scoring.weights import WeightRecord, WeightsInUse, read_weights_in_use


def open_system(spec: SystemSpec) -> SvdhHands:
    """Load the finder and the ensemble; WeightsError when a weight file is missing, changed or not listed."""
    start_torch()
    weights = read_weights_in_use(spec.weights_files)
    return SvdhHands(spec, HandFinder.open(), Ensemble.open(weights.own, severity_cuts(spec)), weights)


class SvdhHands:
    """The system with its weights loaded. One job at a time."""

    def __init__(self, spec: SystemSpec, finder: HandFinder, ensemble: Ensemble, weights: WeightsInUse) -> None:
        self.spec: Final = spec
        self.weights: Final[tuple[WeightRecord, ...]] = weights.files
        self.statement: Final = weights.own.statement
        self._finder = finder
        self._ensemble = ensemble
        self._explainer = TotalExplainer(ensemble)

    @property
    def networks(self) -> tuple[WholeHandNetwork, ...]:
        """The members that judge."""
        return tuple(self._ensemble.networks.values())

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Judge both hands on one to many films; see ``scoring.contract.ScoringSystem``. ``entered`` is not used."""
        search = search_films(self._finder, images)
        if not search.found:
            return search.no_hand(self.spec)
        chosen = search.chosen()
        hands = [chosen[side] for side in self.spec.sides if side in chosen]
        views = np.stack([self._view(film) for film in hands])
        opinions = self._ensemble.judge(views)
        sums: dict[Side, float] = {
            film.hand.side: float(total) for film, total in zip(hands, opinions.totals, strict=True)
        }
        return search.findings(
            hands,
            qualities=[hand_quality(palm_and_wrist(film.pixels, film.hand.to_source)) for film in hands],
            items=tuple(self._item(side, chosen.get(side), sums.get(side)) for side in self.spec.sides),
            totals=total_rows(self.spec, sums, opinions.severity()),
            heatmaps=self._heatmaps(hands, views, opinions),
        )

    def _view(self, film: HandOnFilm) -> Views:
        return hand_view(film.pixels, film.hand.to_source, self._ensemble.shape.pixels)

    def _item(self, side: Side, film: HandOnFilm | None, total: float | None) -> ScoreItem:
        if film is None or total is None:
            reason = self.spec.reasons["not_imaged"]
            return ScoreItem(HAND, TOTAL, "not_imaged", side=side, reason=reason, origin="rule")
        x0, y0, x1, y1 = (round(float(v), 1) for v in film.hand.box)
        return ScoreItem(
            HAND,
            TOTAL,
            "scored",
            side=side,
            value=round(total, 4),
            grade=round(total),
            image=film.image.reference.sop_instance_uid,
            region=(x0, y0, x1, y1),
        )

    def _heatmaps(self, hands: list[HandOnFilm], views: Views, opinions: HandOpinions) -> tuple[HeatmapFinding, ...]:
        heat = self._explainer.heat(views, opinions.totals)
        affines = [view_affine(film.hand.to_source, self._ensemble.shape.pixels) for film in hands]
        of_hands = [HeatOfHand(film, [one], [to_film]) for film, one, to_film in zip(hands, heat, affines, strict=True)]
        return heatmaps(of_hands, METHOD, ABOUT)
