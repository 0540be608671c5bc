"""Grades the mean brightness of a picture: the smallest system there can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, HeatmapFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.result import ScoreItem, ScoreTotal
from scoring.spec import SystemSpec
from scoring.weights import WeightRecord


class Brightness:
    """The toy: one item on the first image, the picture itself as heatmap."""

    statement = ""
    weights: tuple[WeightRecord, ...] = ()

    def __init__(self, spec: SystemSpec) -> None:
        self.spec = spec

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        image = images[0]
        rows, columns = image.pixels.shape[:2]
        value = round(float(image.pixels.mean()) * 10, 6)
        item = ScoreItem(
            site="TIP",
            item="brightness",
            status="scored",
            side="L",
            value=value,
            grade=round(value),
            certainty=1.0,
            image=image.reference.sop_instance_uid,
            region=(0.0, 0.0, columns - 1.0, rows - 1.0),
            origin="rule",
        )
        return Findings(
            items=(item,),
            totals=(ScoreTotal("toy.all", None, value, round(value), 1, 1, 10.0),),
            quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
            heatmaps=(
                HeatmapFinding(image.reference.sop_instance_uid, (image.pixels * 255).astype(np.uint8), "pixels", "it"),
            ),
        )


def open_system(spec: SystemSpec) -> Brightness:
    return Brightness(spec)
