"""What a system finds becomes a result that any report can hold exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydicom.data import get_testdata_file

from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, ScoringContext
from scoring.image import ScoringImage
from scoring.inference import ChosenImage, read_header, run_inference
from scoring.pixel_decoding import PixelDecoder
from scoring.result import HandRegion, ScoreItem, ScoreResult
from scoring.spec import SystemSpec
from scoring.study import Study, TrialContext, read_image_reference
from scoring.weights import WeightRecord


class Careless:
    """Grades in any order, boxes with any digits."""

    statement = ""
    weights: tuple[WeightRecord, ...] = ()

    def __init__(self, spec: SystemSpec) -> None:
        self.spec = spec

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        uid = images[0].reference.sop_instance_uid
        box = (1 / 3, 2 / 3, 100.1, 200.7)
        places = [
            ("L", "MCP2", "erosion"),
            ("R", "MCP2", "narrowing"),
            ("R", "PIP2", "erosion"),
            ("R", "IP1", "erosion"),
        ]
        return Findings(
            items=tuple(
                ScoreItem(site, item, "scored", side, grade=1, image=uid, region=box)  # type: ignore[arg-type]
                for side, site, item in places
            ),
            totals=(),
            quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
            hands=(HandRegion(uid, "R", box, 0.9),),
        )


def scored() -> ScoreResult:
    path = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    header = read_header(path)
    reference = read_image_reference(header, "ab" * 32, str(header.file_meta.TransferSyntaxUID))
    study = Study(reference.study_instance_uid, (reference,), TrialContext())
    with PixelDecoder() as decoder:
        chosen = ChosenImage(reference, path, True, "all", "the only one")
        return run_inference(
            Careless(find_spec("hand_joints")), study, [chosen], decoder, datetime(2026, 1, 5, tzinfo=UTC)
        ).result


def test_grades_stand_in_the_order_of_the_spec_and_boxes_on_the_grid_of_a_report() -> None:
    result = scored()
    assert [item.key for item in result.items] == [
        "R.IP1.erosion",
        "R.PIP2.erosion",
        "R.MCP2.narrowing",
        "L.MCP2.erosion",
    ]
    for box in [item.region for item in result.items] + [result.hands[0].box]:
        assert box == (21 / 64, 43 / 64, 6406 / 64, 12845 / 64)
