"""Results of the nailfold system, built without its weights: sixteen pictures of eight fingers, or a single one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import DermoscopicPhotographyImageStorage, VLPhotographicImageStorage

from scoring.coded_concept import CodedConcept
from scoring.inference import NON_DIAGNOSTIC
from scoring.result import Engine, Heatmap, Marks, ScoreItem, ScoreResult, ScoreTotal, Side, WeightUse
from scoring.score_rules.nailfold_labels import FEATURES, NAILFOLD_LABELS
from scoring.spec import SystemSpec, TotalSpec, read_spec
from scoring.stored_array import array_bytes
from sr_templates.writing import SourceImage
from tests.sr_templates import results_for_tests as hands
from tests.sr_templates.results_for_tests import ResultForTests

ROWS, COLUMNS = 240, 320
LOOPS: Final = np.array([[60, 150, 14.5], [120, 140, 61.2], [180, 146, 22.0], [250, 152, 35.5]], np.float32)
"""x, y in pixels, apical diameter in um."""


@dataclass(frozen=True)
class Pictured:
    """One picture: whose, and what is said of it. ``reason``: why its features cannot be judged."""

    side: Side | None
    finger: str
    number: int
    calibrated: bool = True
    reason: str = ""


def nailfold_spec() -> SystemSpec:
    """As packaged, with weights or without."""
    return read_spec(Path(__file__).parents[2] / "scoring" / "systems" / "nailfold" / "spec.toml")


def whole_visit() -> ResultForTests:
    """Two pictures of each of eight fingers: two too blurry, one with glare, two without a scale."""
    fingers = [(side, finger) for side in ("R", "L") for finger in ("INDEX", "MIDDLE", "RING", "LITTLE")]
    odd = {3: (True, "too_blurry"), 6: (True, "glare"), 9: (False, "too_blurry"), 12: (False, ""), 13: (False, "")}
    places = [(side, finger, number) for side, finger in fingers for number in (1, 2)]
    return _visit([Pictured(*place, *odd.get(n, (True, ""))) for n, place in enumerate(places)])  # type: ignore[arg-type]


def two_fingers() -> ResultForTests:
    """Four pictures with a scale, one of them too blurry and one with glare: a category, far below any protocol."""
    odd = {("RING", 2): "too_blurry", ("INDEX", 1): "glare"}
    places = [(finger, number) for finger in ("INDEX", "RING") for number in (1, 2)]
    return _visit([Pictured("R", *place, reason=odd.get(place, "")) for place in places])


def one_picture() -> ResultForTests:
    """A single picture, of a finger that nobody named, without a scale: far below any protocol."""
    return _visit([Pictured(None, "UNKNOWN", 1, calibrated=False)])


def uncalibrated() -> ResultForTests:
    """Three pictures of two fingers, one of unknown side, none with a scale: no category."""
    return _visit([Pictured("R", "RING", 1, False), Pictured("R", "RING", 2, False), Pictured(None, "RING", 1, False)])


def _visit(pictures: Sequence[Pictured]) -> ResultForTests:
    spec = nailfold_spec()
    headers = [_header(n, one) for n, one in enumerate(pictures, start=1)]
    items = [
        item
        for n, (one, header) in enumerate(zip(pictures, headers, strict=True))
        for item in _items(one, str(header.SOPInstanceUID), n, spec)
    ]
    totals = tuple(_total(total, items, pictures, spec) for total in _planned(spec, pictures))
    heat, heat_bytes = array_bytes(np.tile(np.arange(0, 240, 6, dtype=np.uint8), (30, 1)))
    loops, loop_bytes = array_bytes(LOOPS)
    judged = [str(h.SOPInstanceUID) for h, one in zip(headers, pictures, strict=True) if not one.reason]
    measured = [str(h.SOPInstanceUID) for h, p in zip(headers, pictures, strict=True) if p.calibrated and not p.reason]
    few = len(pictures) < 8
    result = ScoreResult(
        system=spec.key,
        system_version=spec.version,
        kind=spec.kind,
        preprocessing_version=spec.preprocessing_version,
        weights=(WeightUse("label_network", "labels.safetensors", "44" * 32, "Apache-2.0", "drawn nailfolds", True),),
        weights_digest="71" * 32,
        statement="demonstration weights; learnt on drawn nailfolds only; for research use only",
        engine=Engine("rheumascore 0.1.0", ("numpy 2.4.6",), "cpu x86_64"),
        study_instance_uid="2.25.77",
        images=hands.every_image(headers),
        items=tuple(sorted(items, key=spec.place)),
        totals=totals,
        missing_site_rule="none",
        quality=NON_DIAGNOSTIC if few else CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
        scored_at="2026-01-05T10:20:30Z",
        heatmaps=tuple(Heatmap(uid, heat, "Grad-CAM", "the four features") for uid in judged),
        notes=("Fewer pictures than the protocol asks for.",) if few else (),
        marks=tuple(Marks(uid, loops, "capillary loops; apical diameter in um") for uid in measured),
    )
    sources = {str(h.SOPInstanceUID): SourceImage(h, _pixels()) for h in headers}
    arrays = {heat: heat_bytes} | ({loops: loop_bytes} if measured else {})
    return ResultForTests(result, spec, sources, arrays)


def _header(number: int, one: Pictured) -> Dataset:
    header = hands.source_header(number, one.side or "U", rows=ROWS, columns=COLUMNS)
    dermoscopic = number % 2 == 1
    header.SOPClassUID = DermoscopicPhotographyImageStorage if dermoscopic else VLPhotographicImageStorage
    header.Modality, header.PhotometricInterpretation = "DMS" if dermoscopic else "XC", "YBR_FULL_422"
    for keyword in ("PatientOrientation", "BodyPartExamined"):
        delattr(header, keyword)
    if one.calibrated:
        header.PixelSpacing = [0.004, 0.004]
    return header


def _items(one: Pictured, image: str, n: int, spec: SystemSpec) -> Iterator[ScoreItem]:
    frame = (-0.5, -0.5, COLUMNS - 0.5, ROWS - 0.5)
    for number, key in enumerate(spec.site(one.finger).items):
        measured = key not in NAILFOLD_LABELS
        why = one.reason if key != "too_blurry" else "" if one.reason != "glare" else "glare"
        why = why or ("not_calibrated" if measured and not one.calibrated else "")
        place = {"site": one.finger, "item": key, "side": one.side, "image": image, "region": frame}
        if why:
            yield ScoreItem(**place, status="not_assessable", reason=spec.reasons[why], picture=one.number)  # type: ignore[arg-type]
            continue
        value: float | None = round((0.037 + 0.131 * (3 * n + 5 * number)) % 1, 4)
        grade: int | None = int((value or 0) > 0.5)
        if key == "too_blurry":
            value, grade = (0.93, 1) if one.reason else (0.06, 0)
        probabilities = (round(1 - (value or 0), 12), value) if not measured else ()
        interval = None
        if key == "density":
            value, grade, interval = round(4 + (n * 0.7) % 6, 2), None, (3.1, 10.25)
        elif key == "widest_apex":
            value, grade, interval = round(18 + (n * 17.3) % 60, 1), None, (12.0, 80.5)
        elif measured:
            value = None
        yield ScoreItem(  # type: ignore[arg-type]
            **place, status="scored", value=value, grade=grade, probabilities=probabilities, interval=interval,
            picture=one.number,
        )  # fmt: skip


def _planned(spec: SystemSpec, pictures: Sequence[Pictured]) -> Iterator[TotalSpec]:
    fingers = {(one.side, one.finger) for one in pictures}
    return (t for t in spec.totals if t.site is None or (t.side, t.site) in fingers)


def _total(total: TotalSpec, items: Sequence[ScoreItem], pictures: Sequence[Pictured], spec: SystemSpec) -> ScoreTotal:
    def here(side: Side | None, finger: str) -> bool:
        return total.site is None or (total.side, total.site) == (side, finger)

    shown = [one for one in pictures if here(one.side, one.finger)]
    found = [i for i in items if i.item == (total.item or "giant") and here(i.side, i.site) and i.status == "scored"]
    values = [i.value for i in found if i.value is not None]
    count, planned = len(found), len(shown)
    value, grade, rule, reason = None, None, None, None
    if total.key == "fingers":
        count, planned = len({(i.side, i.site) for i in found}), len({(p.side, p.finger) for p in shown})
        grade = count
    elif total.categories:
        count = sum(i.item == "density" and i.status == "scored" for i in items)
        grade, rule = (2, spec.rules["giant"]) if count else (None, None)
        reason = None if count else spec.reasons["not_calibrated"]
    elif total.derivation == "count":
        grade = sum(i.grade or 0 for i in found) if total.item else count
    elif values:
        value = max(values) if total.derivation == "maximum" else round(sum(values) / len(values), 6)
    else:
        gap = "not_calibrated" if total.item not in (*FEATURES, "too_blurry") and shown else "none_assessed"
        reason = spec.reasons[gap]
    return ScoreTotal(total.key, total.side, value, grade, count, planned, float(total.highest), reason, None, rule)


def _pixels() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Red skin, brighter to the right."""
    ramp = np.tile(np.linspace(0.4, 0.9, COLUMNS, dtype=np.float32), (ROWS, 1))
    return np.stack([ramp, 0.6 * ramp, 0.5 * ramp], 2)
