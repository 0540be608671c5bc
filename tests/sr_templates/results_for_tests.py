"""Stored results with the source images they were made from, built small and fast for any test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ComputedRadiographyImageStorage, VLPhotographicImageStorage

from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.image import Grey
from scoring.result import (
    Box,
    ComparedTotal,
    Engine,
    HandRegion,
    Heatmap,
    ImageUse,
    NotEvaluable,
    PriorObject,
    PriorResult,
    ScoreItem,
    ScoreResult,
    ScoreTotal,
    SecondOpinion,
    Side,
    WeightUse,
)
from scoring.score_rules.sharp_van_der_heijde import Grade, subtotals
from scoring.second_opinion import DIFFERS
from scoring.spec import SystemSpec
from scoring.stored_array import array_bytes
from sr_templates import codes
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM, DocumentForm
from sr_templates.writing import SourceImage

SITE_PLACES: Final = {
    "IP1": (792, 595),
    "PIP2": (622, 379),
    "PIP3": (466, 354),
    "PIP4": (339, 399),
    "PIP5": (205, 496),
    "MCP1": (697, 706),
    "MCP2": (565, 567),
    "MCP3": (454, 567),
    "MCP4": (358, 605),
    "MCP5": (268, 649),
    "MC1B": (591, 886),
    "TRAPEZIUM": (550, 900),
    "SCAPHOID": (500, 960),
    "LUNATE": (417, 980),
    "RADIUS": (470, 1030),
    "ULNA": (335, 1040),
    "CMC3": (445, 860),
    "CMC4": (388, 864),
    "CMC5": (343, 880),
    "STT": (510, 925),
    "CNL": (455, 955),
    "RC": (455, 1010),
}
"""Centres in a left hand filmed PA, on a field of 1000 by 1200."""

FIELD: Final = (1000, 1200)
STATEMENT: Final = "demonstration weights; disease grades learnt on synthetic images only; for research use only"


@dataclass(frozen=True)
class ResultForTests:
    """Everything that ``write_result_objects`` asks for, but the form."""

    result: ScoreResult
    spec: SystemSpec
    sources: Mapping[str, SourceImage]
    arrays: Mapping[str, bytes]


def hand_spec() -> SystemSpec:
    """The spec of the system ``hand_joints``."""
    return find_spec("hand_joints")


def source_header(number: int = 1, side: str = "R", rows: int = 480, columns: int = 400) -> Dataset:
    """The header of a hand radiograph (CR) as a hospital sends it."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = ComputedRadiographyImageStorage
    header.SOPInstanceUID = f"2.25.1{number}"
    header.StudyInstanceUID = "2.25.77"
    header.SeriesInstanceUID = f"2.25.5{number}"
    header.PatientName = "Müller^Jörg"
    header.PatientID = "P-4711"
    header.IssuerOfPatientID = "HOSPITAL"
    header.PatientBirthDate = "19600229"
    header.PatientSex = "F"
    header.StudyDate, header.StudyTime = "20260105", "091500"
    header.StudyID, header.AccessionNumber = "S1", "A-1"
    header.ReferringPhysicianName = ""
    header.StudyDescription = "Hands"
    header.ClinicalTrialSponsorName = "Sponsor"
    header.ClinicalTrialProtocolID = "TRIAL-1"
    header.ClinicalTrialProtocolName = ""
    header.ClinicalTrialSiteID = "S07"
    header.ClinicalTrialSiteName = ""
    header.ClinicalTrialSubjectID = "SUBJ-0012"
    header.ClinicalTrialTimePointID = "W24"
    header.Modality = "CR"
    header.BodyPartExamined = "HAND"
    header.PatientOrientation = ["L", "H"]
    header.ImageLaterality = side
    header.ProcedureCodeSequence = Sequence()
    header.Rows, header.Columns = rows, columns
    header.PhotometricInterpretation = "MONOCHROME2"
    return header


def site_box(site: str, side: Side, field: Box) -> Box:
    """The box of a site of a hand that fills ``field``, in steps of 1/64 pixel as scoring makes it."""
    x, y = SITE_PLACES[site]
    across, down = (field[2] - field[0]) / FIELD[0], (field[3] - field[1]) / FIELD[1]
    x = x if side == "L" else FIELD[0] - x
    half = 42 * across
    centre = (field[0] + x * across, field[1] + y * down)
    x0, y0, x1, y1 = (
        round(64 * v) / 64 for v in (centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half)
    )
    return x0, y0, x1, y1


def hand_items(side: Side, image: str, field: Box, spec: SystemSpec, worst: int = 5) -> list[ScoreItem]:
    """The 31 grades of one hand, from 0 to ``worst``, the same every time."""
    items = []
    for number, site in enumerate(spec.sites):
        for offset, key in enumerate(site.items):
            highest = spec.item(key).highest
            grade = min(highest, worst, max(0, (number * 7 + offset * 3 + (side == "L")) % 9 - 3))
            items.append(
                ScoreItem(
                    site=site.key,
                    item=key,
                    status="scored",
                    side=side,
                    value=min(float(highest), grade + 0.137),
                    grade=grade,
                    probabilities=_probabilities(grade, highest),
                    certainty=0.731,
                    image=image,
                    region=site_box(site.key, side, field),
                )
            )
    return items


def _probabilities(grade: int, highest: int) -> tuple[float, ...]:
    """0.731 for the given grade, the rest shared by the others."""
    return tuple(0.731 if n == grade else round(0.269 / highest, 6) for n in range(highest + 1))


def missing_items(side: Side, spec: SystemSpec, reason: str = "not_imaged") -> list[ScoreItem]:
    """The 31 gaps of a hand that was not filmed."""
    return [
        ScoreItem(site.key, key, "not_imaged", side, reason=spec.reasons[reason], origin="rule")
        for site in spec.sites
        for key in site.items
    ]


def totals_of(items: list[ScoreItem], spec: SystemSpec) -> tuple[ScoreTotal, ...]:
    """All sums, by the score rule; the overall sum only when nothing is missing."""
    grades = [
        Grade(i.side, i.site, i.item, i.value, i.grade)  # type: ignore[arg-type]  # the keys are those of the rule
        for i in items
        if i.side and i.grade is not None and i.value is not None
    ]
    sides: dict[str, Side | None] = {t.key: t.side for t in spec.totals}
    highest = {t.key: float(t.highest) for t in spec.totals}
    totals = []
    for row in subtotals(grades):
        reason = None
        if row.assessed == 0:
            reason = spec.reasons["none_assessed"]
        elif not row.complete and sides[row.key] is None:
            reason = spec.reasons["incomplete"]
        numbers = (None, None) if reason else (row.expected, row.grade)
        totals.append(
            ScoreTotal(row.key, sides[row.key], *numbers, row.assessed, row.planned, highest[row.key], reason)
        )
    return tuple(totals)


def image_use(
    header: Dataset,
    *,
    used: bool = True,
    rule: str = "one_frontal_per_side",
    explanation: str = "frontal view",
) -> ImageUse:
    """The image of a header, read or left out, as routing would tell it."""
    return ImageUse(
        sop_instance_uid=str(header.SOPInstanceUID),
        sop_class_uid=str(header.SOPClassUID),
        series_instance_uid=str(header.SeriesInstanceUID),
        study_instance_uid=str(header.StudyInstanceUID),
        content_sha256="ab" * 32,
        rows=header.Rows,
        columns=header.Columns,
        used=used,
        rule=rule,
        explanation=explanation,
    )


def every_image(headers: Iterable[Dataset]) -> tuple[ImageUse, ...]:
    """All of them read, as the rule ``all`` chooses."""
    return tuple(image_use(header, rule="all", explanation="every accepted image is read") for header in headers)


def _heat(field_boxes: list[Box], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    grid = np.zeros((rows // 8, columns // 8), np.float64)
    y, x = np.mgrid[: grid.shape[0], : grid.shape[1]]
    for n, box in enumerate(field_boxes):
        cx, cy, size = (box[0] + box[2]) / 16, (box[1] + box[3]) / 16, (box[2] - box[0]) / 14
        grid = np.maximum(grid, np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / size**2) / (1 + 0.25 * n))
    return np.round(255 * grid / max(grid.max(), 1e-9)).astype(np.uint8)


def _film(rows: int, columns: int) -> Grey:
    y, x = np.mgrid[:rows, :columns]
    return (0.15 + 0.5 * np.exp(-(((x - columns / 2) / columns) ** 2) * 6) * (y / rows)).astype(np.float32)


def _result(
    items: list[ScoreItem], spec: SystemSpec, headers: list[Dataset], hands: list[HandRegion]
) -> ResultForTests:
    heatmaps, arrays = [], {}
    for header in headers:
        uid = str(header.SOPInstanceUID)
        hot = [i.region for i in items if i.image == uid and (i.grade or 0) >= 3 and i.region is not None]
        digest, content = array_bytes(_heat(hot, header.Rows, header.Columns))
        heatmaps.append(Heatmap(uid, digest, "Grad-CAM", "expected erosion and narrowing grades"))
        arrays[digest] = content
    items = sorted(items, key=spec.place)
    result = ScoreResult(
        system=spec.key,
        system_version=spec.version,
        kind="network",
        preprocessing_version="1",
        weights=(
            WeightUse("hand_gate", "hand_gate.safetensors", "11" * 32, "Apache-2.0", "real radiographs", True),
            WeightUse("joint_grader", "joint_grader.safetensors", "22" * 32, "Apache-2.0", "phantoms only", True),
        ),
        weights_digest="c0ffee" + "5a" * 29,
        statement=STATEMENT,
        engine=Engine("rheumascore 0.1.0", ("torch 2.13.0", "numpy 2.4.6"), "cpu x86_64"),
        study_instance_uid="2.25.77",
        images=tuple(image_use(h) for h in headers),
        items=tuple(items),
        totals=totals_of(items, spec),
        missing_site_rule="none",
        quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
        scored_at="2026-01-05T10:20:30Z",
        hands=tuple(hands),
        heatmaps=tuple(heatmaps),
    )
    sources = {str(h.SOPInstanceUID): SourceImage(h, _film(h.Rows, h.Columns)) for h in headers}
    return ResultForTests(result, spec, sources, arrays)


def two_hands() -> ResultForTests:
    """Both hands, one image each, every site scored."""
    spec, items, headers, hands = hand_spec(), [], [], []
    sides: tuple[Side, ...] = ("R", "L")
    for number, side in enumerate(sides, start=1):
        header = source_header(number, side)
        field = (0.0, 0.0, 400.0, 480.0)
        items += hand_items(side, str(header.SOPInstanceUID), field, spec)
        hands.append(HandRegion(str(header.SOPInstanceUID), side, (20.0, 30.0, 380.0, 470.0), 0.99))
        headers.append(header)
    return _result(items, spec, headers, hands)


def one_hand() -> ResultForTests:
    """The right hand alone; the left was not imaged."""
    spec, header = hand_spec(), source_header(1, "R")
    items = hand_items("R", str(header.SOPInstanceUID), (0.0, 0.0, 400.0, 480.0), spec)
    hand = HandRegion(str(header.SOPInstanceUID), "R", (20.0, 30.0, 380.0, 470.0), 0.97)
    return _result(items + missing_items("L", spec), spec, [header], [hand])


def both_in_one() -> ResultForTests:
    """Both hands in one image, the right one at the viewer's left; one joint is outside, one is uncertain."""
    spec, header = hand_spec(), source_header(1, "B", columns=800)
    uid, items, hands = str(header.SOPInstanceUID), [], []
    for side, left in (("R", 0.0), ("L", 400.0)):
        items += hand_items(side, uid, (left, 0.0, left + 400, 480.0), spec)  # type: ignore[arg-type]  # a literal
        hands.append(HandRegion(uid, side, (left + 20, 30.0, left + 380, 470.0), 0.99))  # type: ignore[arg-type]
    items = [_gap(i, spec) if (i.side, i.site) in {("R", "PIP5"), ("L", "ULNA")} else i for i in items]
    return _result(items, spec, [header], hands)


def not_evaluable(decoded: bool = True) -> ResultForTests:
    """An image on which no hand was found; ``decoded`` False: its pixels could not even be read."""
    spec, header = hand_spec(), source_header(1, "R")
    made = _result([], spec, [header], [])
    why = NotEvaluable(spec.reasons["no_hand"], "No hand was found on the only image of the study.")
    result = replace(
        made.result,
        totals=(),
        heatmaps=(),
        not_evaluable=why,
        quality=CodedConcept("RID14", "RADLEX", "Non-diagnostic quality"),
    )
    pixels = made.sources[str(header.SOPInstanceUID)].pixels if decoded else np.zeros((0, 0), np.float32)
    return replace(made, result=result, sources={str(header.SOPInstanceUID): SourceImage(header, pixels)}, arrays={})


def with_intervals() -> ResultForTests:
    """Two hands with an interval at every grade and sum, a header that names the other side, and a predecessor."""
    made = two_hands()
    items = tuple(
        replace(i, interval=(max(0.0, (i.value or 0) - 0.5), (i.value or 0) + 0.5)) for i in made.result.items
    )
    totals = tuple(replace(t, interval=((t.value or 0) - 3.9, (t.value or 0) + 4.2)) for t in made.result.totals)
    hands = tuple(replace(h, header_disagrees=True) for h in made.result.hands)
    notes = ("One hand is rotated by 180 degrees.",)
    result = replace(
        made.result,
        items=items,
        totals=totals,
        hands=hands,
        notes=notes,
        forced=True,
        predecessor=made.result.as_prior(()),
    )
    return replace(made, result=result)


def calibrated() -> ResultForTests:
    """Two hands with a set of grades at every grade and an interval at every sum, from which another system differs."""
    made = two_hands()
    items = tuple(
        replace(i, interval=(float(max(0, (i.grade or 0) - 1)), float(i.grade or 0))) for i in made.result.items
    )
    totals = tuple(replace(t, interval=((t.value or 0) - 3.9, (t.value or 0) + 4.2)) for t in made.result.totals)
    opinion = SecondOpinion(
        "svdh_hands",
        "0b" * 32,
        "2026-01-05T10:20:29Z",
        DIFFERS,
        (
            ComparedTotal("svdh.all.R", 61.25, (50.5, 72.0), True),
            ComparedTotal("svdh.all.both", 40.5, (30.0, 52.0), False),
        ),
    )
    result = replace(made.result, items=items, totals=totals, second_opinions=(opinion,))
    return replace(made, result=result)


def prior_of(made: ResultForTests, study: str = "2.25.77", forms: tuple[DocumentForm, ...] = ()) -> PriorResult:
    """``made`` as a later result refers to it: a page, a heatmap and a report in each of the forms."""
    objects = [
        PriorObject("report_page", "", SECONDARY_CAPTURE, "2.25.901", "2.25.990"),
        PriorObject("heatmap", "", SECONDARY_CAPTURE, "2.25.902", "2.25.990"),
        *(PriorObject("report", f, SOP_CLASS_OF_FORM[f], f"2.25.91{n}", "2.25.991") for n, f in enumerate(forms)),
    ]
    return replace(made.result.as_prior(tuple(objects)), study_instance_uid=study)


def follow_up() -> ResultForTests:
    """Both hands at a later visit; the baseline visit of another study was reported in two forms."""
    made = two_hands()
    baseline = prior_of(one_hand(), "2.25.70", ("comprehensive3d", "comprehensive"))
    return replace(made, result=replace(made.result, baseline=replace(baseline, scored_at="2025-07-05T10:20:30Z")))


def re_issued() -> ResultForTests:
    """Both hands scored again: the report replaces an earlier one of the same study."""
    made = two_hands()
    return replace(made, result=made.result.succeeding(prior_of(one_hand(), forms=("comprehensive", "basic_text"))))


def withdrawn() -> ResultForTests:
    """A person found the result wrong: what takes it back."""
    made = one_hand()
    result = replace(
        made.result,
        items=(),
        totals=(),
        heatmaps=(),
        hands=(),
        withdraws=True,
        not_evaluable=NotEvaluable(codes.WITHDRAWN, "Left and right were exchanged at the detector; see query 12."),
        predecessor=prior_of(made, forms=("comprehensive",)),
    )
    return replace(made, result=result, arrays={})


def several_images() -> ResultForTests:
    """Both hands with an earlier exposure of the right one, which was left out and lies between them."""
    made = two_hands()
    header = source_header(3, "R")
    left_out = image_use(header, used=False, rule="repeat_exposure", explanation="an earlier exposure of the same side")
    images = (made.result.images[0], left_out, made.result.images[1])
    sources = {**made.sources, left_out.sop_instance_uid: SourceImage(header, _film(header.Rows, header.Columns))}
    return replace(made, result=replace(made.result, images=images), sources=sources)


def photo() -> ResultForTests:
    """One hand on a photograph: no patient orientation, no pixel spacing, colour."""
    made = one_hand()
    (uid,) = made.sources
    header = made.sources[uid].header
    header.SOPClassUID, header.Modality = VLPhotographicImageStorage, "XC"
    header.PhotometricInterpretation = "YBR_FULL_422"
    del header.PatientOrientation
    images = tuple(replace(i, sop_class_uid=str(VLPhotographicImageStorage)) for i in made.result.images)
    return replace(made, result=replace(made.result, images=images))


def short() -> ResultForTests:
    """A right hand of three sites, for tests that write or break very many reports."""
    made = one_hand()
    keys = ("IP1", "MCP2", "RC")
    sites = tuple(s for s in made.spec.sites if s.key in keys)
    spec = replace(made.spec, sites=sites, sides=("R",), totals=tuple(t for t in made.spec.totals if t.side != "L"))
    items = tuple(i for i in made.result.items if i.side == "R" and i.site in keys)
    totals = tuple(t for t in made.result.totals if t.side != "L")
    return replace(made, spec=spec, result=replace(made.result, items=items, totals=totals))


def large_film() -> ResultForTests:
    """One hand on a film whose long side is above the limit of a heatmap picture."""
    spec, header = hand_spec(), source_header(1, "L", rows=2400, columns=1800)
    header.PixelSpacing, header.PixelSpacingCalibrationType = [0.1, 0.1], "GEOMETRY"
    items = hand_items("L", str(header.SOPInstanceUID), (0.0, 0.0, 1800.0, 2400.0), spec)
    hand = HandRegion(str(header.SOPInstanceUID), "L", (90.0, 150.0, 1710.0, 2350.0), 0.97)
    return _result(missing_items("R", spec) + items, spec, [header], [hand])


def with_header(made: ResultForTests, **attributes: object) -> ResultForTests:
    """The same with these attributes in every source header."""
    for source in made.sources.values():
        for keyword, value in attributes.items():
            setattr(source.header, keyword, value)
    return made


def with_bare_headers(made: ResultForTests) -> ResultForTests:
    """The same with sources that lack every attribute a careless sender leaves out."""
    kept = {"SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "Rows", "Columns"}
    for source in made.sources.values():
        for element in list(source.header):
            if element.keyword not in kept:
                del source.header[element.tag]
    return made


def _gap(item: ScoreItem, spec: SystemSpec) -> ScoreItem:
    reason = spec.reasons["outside_image" if item.side == "R" else "uncertain"]
    return replace(
        item, status="not_assessable", value=None, grade=None, certainty=None, probabilities=(), reason=reason
    )
