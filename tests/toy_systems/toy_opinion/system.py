"""Says 130 of 140 for every hand, and is sure of it within ten: whoever sees little damage differs from it."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, ScoringContext
from scoring.image import ScoringImage
from scoring.result import ScoreItem, ScoreTotal
from scoring.spec import SystemSpec
from scoring.weights import WeightRecord

TOTAL = 130


class Opinion:
    """The toy: one total of the left hand with an interval."""

    statement = ""
    weights: tuple[WeightRecord, ...] = ()

    def __init__(self, spec: SystemSpec) -> None:
        self.spec = spec

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        uid = images[0].reference.sop_instance_uid
        rows, columns = images[0].pixels.shape[:2]
        whole = (0.0, 0.0, columns - 1.0, rows - 1.0)
        item = ScoreItem("HAND", "total", "scored", "L", float(TOTAL), TOTAL, image=uid, region=whole, origin="rule")
        total = ScoreTotal("toy.L", "L", float(TOTAL), TOTAL, 1, 1, 140.0, interval=(120.0, 140.0))
        return Findings((item,), (total,), CodedConcept("RID12", "RADLEX", "Diagnostic quality"))


def open_system(spec: SystemSpec) -> Opinion:
    return Opinion(spec)
