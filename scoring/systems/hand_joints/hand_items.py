"""The 31 score items of one hand: a grade, or the coded reason for none."""

from __future__ import annotations

from typing import Final

from scoring.anatomy.exposure_choice import HandOnFilm
from scoring.anatomy.found_hand import SiteStatus
from scoring.result import Box, ScoreItem
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, SITES_OF, Item, Side
from scoring.spec import SystemSpec
from scoring.systems.hand_joints.grading import CropGrades
from scoring.systems.hand_joints.preprocessing import frame_of, site_boxes

_REASON: Final[dict[SiteStatus, str]] = {"outside": "outside_image", "uncertain": "uncertain"}


def hand_items(spec: SystemSpec, film: HandOnFilm, grades: CropGrades, first_row: int) -> list[ScoreItem]:
    """All items of a hand whose crops begin at ``first_row`` of ``grades``."""
    boxes = site_boxes(frame_of(film.hand), film.pixels.shape)
    items: list[ScoreItem] = []
    for item in ITEMS:
        for site in SITES_OF[item]:
            row = SITES.index(site)
            x0, y0, x1, y1 = (round(float(v), 1) for v in boxes[row])
            if film.hand.sites[site].status == "found":
                items.append(_graded(film, site, item, grades, first_row + row, (x0, y0, x1, y1)))
            else:
                items.append(_not_assessable(spec, film, site, item))
    return items


def side_not_imaged(spec: SystemSpec, side: Side) -> list[ScoreItem]:
    """All items of a hand that no image shows."""
    reason = spec.reasons["not_imaged"]
    return [
        ScoreItem(site, item, "not_imaged", side=side, reason=reason, origin="rule")
        for item in ITEMS
        for site in SITES_OF[item]
    ]


def _graded(film: HandOnFilm, site: str, item: Item, grades: CropGrades, row: int, box: Box) -> ScoreItem:
    said = grades.at(row, item)
    return ScoreItem(
        site,
        item,
        "scored",
        side=film.hand.side,
        value=said.expected,
        grade=said.grade,
        probabilities=said.probabilities,
        certainty=said.probabilities[said.grade],
        image=film.image.reference.sop_instance_uid,
        region=box,
    )


def _not_assessable(spec: SystemSpec, film: HandOnFilm, site: str, item: Item) -> ScoreItem:
    """No number for a site that was not seen; the hand's box says where it was looked for."""
    x0, y0, x1, y1 = (round(float(v), 1) for v in film.hand.box)
    return ScoreItem(
        site,
        item,
        "not_assessable",
        side=film.hand.side,
        reason=spec.reasons[_REASON[film.hand.sites[site].status]],
        image=film.image.reference.sop_instance_uid,
        region=(x0, y0, x1, y1),
    )
