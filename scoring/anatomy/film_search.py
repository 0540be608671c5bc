"""The hands of all images of a job, and what is said of images without one or with a hand that is not graded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from scoring.anatomy.exposure_choice import NO_HAND_RULE, RULE, HandOnFilm, one_hand_per_side, why_left_out
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.remarks import quality_notes, side_notes
from scoring.contract import Findings, HeatmapFinding
from scoring.image import ScoringImage
from scoring.quality import NON_DIAGNOSTIC, HandQuality, verdict
from scoring.result import HandRegion, NotEvaluable, ScoreItem, ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.spec import SystemSpec

_NARROWEST_HAND_PX: Final = 40.0
"""A joint of a narrower hand would be under a dozen pixels wide: nothing can be graded on it."""


@dataclass(frozen=True)
class FilmSearch:
    """Hands of all images; images without one, by UID, with rule and reason; the highest gate probability."""

    images: int
    found: tuple[HandOnFilm, ...]
    blank: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    likeliest: float = 0.0

    def chosen(self) -> dict[Side, HandOnFilm]:
        """The hand to grade of each side that was filmed."""
        return one_hand_per_side(self.found)

    def regions(self) -> tuple[HandRegion, ...]:
        """Every hand that was found, as a result names it."""
        return tuple(_region(film) for film in self.found)

    def left_out(self) -> dict[str, tuple[str, str]]:
        """Images that are not graded, by UID, with rule and reason."""
        chosen = self.chosen()
        used = {film.image.reference.sop_instance_uid for film in chosen.values()}
        return dict(self.blank) | {
            film.image.reference.sop_instance_uid: (RULE, why_left_out(film, chosen))
            for film in self.found
            if film.image.reference.sop_instance_uid not in used
        }

    def findings(
        self,
        hands: Sequence[HandOnFilm],
        qualities: Sequence[HandQuality],
        items: tuple[ScoreItem, ...],
        totals: tuple[ScoreTotal, ...],
        heatmaps: tuple[HeatmapFinding, ...],
    ) -> Findings:
        """What a system says of the graded ``hands``, beside what the films themselves say: sides, quality, remarks."""
        return Findings(
            items=items,
            totals=totals,
            quality=verdict(qualities),
            hands=self.regions(),
            heatmaps=heatmaps,
            notes=(*side_notes(self.found), *quality_notes(hands, qualities)),
            left_out=self.left_out(),
        )

    def no_hand(self, spec: SystemSpec) -> Findings:
        """What a job is worth on which no hand was found."""
        films = "the image" if self.images == 1 else f"any of the {self.images} images"
        text = f"No hand was found on {films}; the highest probability of a hand radiograph is {self.likeliest:.2f}."
        reason = spec.reasons["no_hand"]
        return Findings((), (), NON_DIAGNOSTIC, not_evaluable=NotEvaluable(reason, text), left_out=self.blank)


def search_films(finder: HandFinder, images: Sequence[ScoringImage]) -> FilmSearch:
    """Look for hands on every image, believing its header about the side where it names one."""
    found: list[HandOnFilm] = []
    blank: dict[str, tuple[str, str]] = {}
    likeliest = 0.0
    for image in images:
        pixels = image.pixels if image.pixels.ndim == 2 else image.pixels.mean(2, dtype=np.float32)
        claimed = image.reference.laterality
        search = finder.find(pixels, claimed if claimed in ("L", "R") else None)
        likeliest = max(likeliest, search.probability)
        bright = search.bone_bright(pixels)
        hands = [hand for hand in search.hands if search.is_hand and hand.hand_width >= _NARROWEST_HAND_PX]
        found += [HandOnFilm(image, bright, hand) for hand in hands]
        if not hands:
            why = f"No hand was found on it (probability of a hand radiograph: {search.probability:.2f})."
            blank[image.reference.sop_instance_uid] = (NO_HAND_RULE, why)
    return FilmSearch(len(images), tuple(found), blank, likeliest)


def _region(film: HandOnFilm) -> HandRegion:
    x0, y0, x1, y1 = (round(float(v), 1) for v in film.hand.box)
    certainty = round(float(film.hand.side_probability), 4)
    uid = film.image.reference.sop_instance_uid
    return HandRegion(uid, film.hand.side, (x0, y0, x1, y1), certainty, film.hand.side_conflict)
