"""Every kind of result there is, as a table: what was imaged × what became of it. Each name says both.

"hand_joints, two hands, follow-up" -> () -> ResultForTests
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import DermoscopicPhotographyImageStorage, VLPhotographicImageStorage

from scoring.coded_concept import CodedConcept
from scoring.result import (
    Engine,
    Heatmap,
    NotEvaluable,
    PriorObject,
    PriorResult,
    ScoreItem,
    ScoreResult,
    ScoreTotal,
    Side,
    WeightUse,
)
from scoring.spec import SystemSpec, read_spec
from scoring.stored_array import array_bytes
from sr_templates import codes
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from sr_templates.writing import SourceImage
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates import results_for_tests as hands
from tests.sr_templates.results_for_tests import ResultForTests

Make = Callable[[], ResultForTests]
TOYS: Final = Path(__file__).parents[1] / "toy_systems"


def finger_film() -> ResultForTests:
    """The toy of one finger: a rule instead of a network, one site of one side."""
    spec = read_spec(TOYS / "toy_brightness" / "spec.toml")
    header = hands.source_header(1, "L", rows=300, columns=200)
    header.BodyPartExamined = "FINGER"
    return _toy_result(spec, [header], "L")


def skin_photo() -> ResultForTests:
    """Skin on a colour photograph (VL Photographic), graded at sites that have no side."""
    return _toy_result(read_spec(TOYS / "toy_skin" / "spec.toml"), [_photo_header(1, VLPhotographicImageStorage, "XC")])


def skin_dermoscopy() -> ResultForTests:
    """The same on two dermoscopic photographs, one of which shows each site."""
    headers = [_photo_header(n, DermoscopicPhotographyImageStorage, "DMS") for n in (1, 2)]
    return _toy_result(read_spec(TOYS / "toy_skin" / "spec.toml"), headers)


def partly_scored(made: ResultForTests) -> ResultForTests:
    """The same with a coded reason in place of every third grade; no sum over all sides has a number."""
    reason = next(iter(made.spec.reasons.values()))
    items = tuple(_gap(item, reason) if number % 3 == 1 else item for number, item in enumerate(made.result.items))
    totals = tuple(
        replace(t, value=None, grade=None, interval=None, assessed=max(0, t.assessed - 1), reason=reason)
        if t.side is None
        else t
        for t in made.result.totals
    )
    return replace(made, result=replace(made.result, items=items, totals=totals))


def not_evaluable(made: ResultForTests) -> ResultForTests:
    """The same images, of which nothing could be scored."""
    why = NotEvaluable(next(iter(made.spec.reasons.values())), "Nothing on the images can be scored.")
    return _without_scores(replace(made, result=replace(made.result, not_evaluable=why)))


def follow_up(made: ResultForTests) -> ResultForTests:
    """The same at a later visit: the first one belongs to another study."""
    baseline = replace(_prior(made.result), study_instance_uid="2.25.70", scored_at="2025-07-05T10:20:30Z")
    return replace(made, result=replace(made.result, baseline=baseline))


def re_issued(made: ResultForTests) -> ResultForTests:
    """The same, replacing an earlier result of the same study."""
    return replace(made, result=made.result.succeeding(_prior(replace(made.result, system_version="0.9.0"))))


def withdrawn(made: ResultForTests) -> ResultForTests:
    """The same taken back: a person found it wrong."""
    why = NotEvaluable(codes.WITHDRAWN, "Left and right were exchanged at the detector; see query 12.")
    result = replace(made.result, predecessor=_prior(made.result), withdraws=True, not_evaluable=why)
    return _without_scores(replace(made, result=result))


def with_one_site(made: ResultForTests) -> ResultForTests:
    """The same for a score that has only its first site and last sum: small, but with every kind of content item."""
    spec = replace(made.spec, sites=made.spec.sites[:1], totals=made.spec.totals[-1:])
    items = tuple(item for item in made.result.items if item.site == spec.sites[0].key)
    totals = tuple(total for total in made.result.totals if total.key == spec.totals[0].key)
    return replace(made, spec=spec, result=replace(made.result, items=items, totals=totals))


IMAGED: Final[Mapping[str, Make]] = {
    "hand_joints, two hands": hands.two_hands,
    "hand_joints, one hand": hands.one_hand,
    "hand_joints, both in one image": hands.both_in_one,
    "hand_joints, photo": hands.photo,
    "toy_brightness, finger": finger_film,
    "toy_skin, photo": skin_photo,
    "toy_skin, dermoscopy": skin_dermoscopy,
}
BECAME: Final[Mapping[str, Callable[[ResultForTests], ResultForTests]]] = {
    "scored": lambda made: made,
    "partly scored": partly_scored,
    "not evaluable": not_evaluable,
    "follow-up": follow_up,
    "re-issued": re_issued,
    "withdrawn": withdrawn,
}


def _made(imaged: str, became: str) -> ResultForTests:
    return BECAME[became](IMAGED[imaged]())


MATRIX: Final[Mapping[str, Make]] = {
    f"{imaged}, {became}": partial(_made, imaged, became) for imaged in IMAGED for became in BECAME
}
ODD_ONES: Final[Mapping[str, Make]] = {
    "pixels not readable": lambda: hands.not_evaluable(decoded=False),
    "with intervals": hands.with_intervals,
    "calibrated, another system differs": hands.calibrated,
    "several images": hands.several_images,
    "MONOCHROME1": lambda: hands.with_header(hands.two_hands(), PhotometricInterpretation="MONOCHROME1"),
    "bare header": lambda: hands.with_bare_headers(hands.one_hand()),
    "large film": hands.large_film,
    "nailfold, two fingers": nailfolds.two_fingers,
    "nailfold, uncalibrated": nailfolds.uncalibrated,
    "nailfold, one picture, follow-up": lambda: follow_up(nailfolds.one_picture()),
    "nailfold, not evaluable": lambda: not_evaluable(nailfolds.one_picture()),
}
CASES: Final[Mapping[str, Make]] = {**MATRIX, **ODD_ONES}


def _photo_header(number: int, sop_class: str, modality: str) -> Dataset:
    """A photograph as a hospital sends it: no orientation, no spacing, no body part, no accession."""
    header = hands.source_header(number, "U", rows=300, columns=400)
    header.SOPClassUID, header.Modality, header.PhotometricInterpretation = sop_class, modality, "YBR_FULL_422"
    header.AccessionNumber = ""
    for keyword in ("PatientOrientation", "BodyPartExamined", "ImageLaterality"):
        delattr(header, keyword)
    return header


def _toy_result(spec: SystemSpec, headers: list[Dataset], side: Side | None = None) -> ResultForTests:
    """Grades of 1 and 2 at every site, each site on the next image; the sums of them."""
    items = [
        _toy_item(site.key, key, side, str(headers[number % len(headers)].SOPInstanceUID), 1 + number % 2, spec)
        for number, site in enumerate(spec.sites)
        for key in site.items
    ]
    totals = []
    for total in spec.totals:
        summed = [i for i in items if total.item in (None, i.item)]
        value, grade = sum(i.value or 0 for i in summed), sum(i.grade or 0 for i in summed)
        highest = float(total.highest)
        totals.append(ScoreTotal(total.key, total.side, value, grade, len(summed), len(summed), highest))
    digest, heat = array_bytes(np.tile(np.arange(0, 250, 10, dtype=np.uint8), (20, 1)))
    result = ScoreResult(
        system=spec.key,
        system_version=spec.version,
        kind=spec.kind,
        preprocessing_version=spec.preprocessing_version,
        weights=(WeightUse("toy", "toy.safetensors", "33" * 32, "Apache-2.0", "nothing", True),),
        weights_digest="70" * 32,
        statement=hands.STATEMENT,
        engine=Engine("rheumascore 0.1.0", ("numpy 2.4.6",), "cpu x86_64"),
        study_instance_uid="2.25.77",
        images=hands.every_image(headers),
        items=tuple(items),
        totals=tuple(totals),
        missing_site_rule="none",
        quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
        scored_at="2026-01-05T10:20:30Z",
        heatmaps=tuple(Heatmap(str(h.SOPInstanceUID), digest, "Grad-CAM", "expected grades") for h in headers),
    )
    sources = {str(h.SOPInstanceUID): SourceImage(h, _pixels(h)) for h in headers}
    return ResultForTests(result, spec, sources, {digest: heat})


def _toy_item(site: str, item: str, side: Side | None, image: str, grade: int, spec: SystemSpec) -> ScoreItem:
    highest = spec.item(item).highest
    probabilities = tuple(0.7 if n == grade else 0.3 / highest for n in range(highest + 1))
    box = (20.0, 30.0, 150.0, 200.0)
    return ScoreItem(site, item, "scored", side, grade + 0.25, grade, probabilities, 0.7, None, None, image, box)


def _pixels(header: Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A ramp; of three colours for a photograph."""
    ramp = np.tile(np.linspace(0.2, 0.9, header.Columns, dtype=np.float32), (header.Rows, 1))
    return (
        ramp if header.PhotometricInterpretation.startswith("MONOCHROME") else np.stack([ramp, ramp / 2, 1 - ramp], 2)
    )


def _gap(item: ScoreItem, reason: CodedConcept) -> ScoreItem:
    nothing = replace(item, value=None, grade=None, certainty=None, interval=None, probabilities=())
    return replace(nothing, status="not_assessable", reason=reason)


def _without_scores(made: ResultForTests) -> ResultForTests:
    poor = CodedConcept("RID14", "RADLEX", "Non-diagnostic quality")
    result = replace(made.result, items=(), totals=(), heatmaps=(), hands=(), marks=(), quality=poor)
    return replace(made, result=result, arrays={})


def _prior(result: ScoreResult) -> PriorResult:
    """``result`` as a later one refers to it: a page, and a report in each form."""
    page = PriorObject("report_page", "", SECONDARY_CAPTURE, "2.25.901", "2.25.990")
    reports = (
        PriorObject("report", form, sop_class, f"2.25.91{number}", "2.25.991")
        for number, (form, sop_class) in enumerate(SOP_CLASS_OF_FORM.items())
    )
    return result.as_prior((page, *reports))
