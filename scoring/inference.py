"""Run one system on one job's images and assemble the result: the only place that makes a model's ScoreResult."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.image import ScoringImage, scoring_image
from scoring.pixel_decoding import PixelDecoder
from scoring.result import Box, Engine, Heatmap, ImageUse, Marks, NotEvaluable, ScoreItem, ScoreResult
from scoring.spec import SystemSpec
from scoring.stored_array import array_bytes
from scoring.study import ImageReference, Study
from scoring.uncertainty.calibration import read_calibration
from scoring.uncertainty.stated import with_uncertainty
from scoring.weights import WeightRecord

NON_DIAGNOSTIC: Final = CodedConcept("RID14", "RADLEX", "Non-diagnostic quality")
_LIBRARIES: Final = ("torch", "monai", "timm", "numpy", "scipy", "pydicom")
_UNREADABLE: Final = "unreadable"


@dataclass(frozen=True)
class ChosenImage:
    """One image of a job: where its bytes lie, and whether and by which rule it was chosen."""

    reference: ImageReference
    path: Path
    used: bool
    rule: str
    explanation: str


@dataclass(frozen=True)
class Scored:
    """A result and the arrays of its pictures: SHA-256 -> bytes, to be stored beside it."""

    result: ScoreResult
    arrays: Mapping[str, bytes]


def run_inference(
    system: ScoringSystem,
    study: Study,
    chosen: Sequence[ChosenImage],
    decoder: PixelDecoder,
    now: datetime,
) -> Scored:
    """Decode, score and assemble. An image that cannot be decoded is left out with its reason, never raised.

    ``now`` dates every object written from the result.
    """
    readable, unreadable = _loaded([image for image in chosen if image.used], decoder, system.spec.longest_side)
    if readable:
        said = system.score(readable, (), ScoringContext(study.trial, study.forced))
        findings = with_uncertainty(said, read_calibration(system.weights))
    else:
        findings = nothing_readable(system.spec, unreadable)
    return _assemble(system, study, chosen, findings, unreadable, now)


def load_image(image: ChosenImage, decoder: PixelDecoder, longest_side: int | None = None) -> ScoringImage:
    """Decode one image in the child and bring it into the scoring convention; ``longest_side`` of a photograph."""
    header = read_header(image.path)
    return scoring_image(header, decoder.first_frame(image.path, header, longest_side), image.reference)


def _loaded(
    used: Sequence[ChosenImage], decoder: PixelDecoder, longest_side: int | None
) -> tuple[list[ScoringImage], dict[str, str]]:
    """The images in their order, and of those that cannot be decoded, by SOP Instance UID, why not."""

    def load(image: ChosenImage) -> ScoringImage | str:
        try:
            return load_image(image, decoder, longest_side)
        except (ImageUnreadableError, ImageTooLargeError) as error:
            return str(error)

    with ThreadPoolExecutor(decoder.at_once((i.reference.rows, i.reference.columns) for i in used)) as readers:
        loaded = list(readers.map(load, used))
    uids = [image.reference.sop_instance_uid for image in used]
    readable = [found for found in loaded if isinstance(found, ScoringImage)]
    return readable, {uid: found for uid, found in zip(uids, loaded, strict=True) if isinstance(found, str)}


def read_header(path: Path) -> Dataset:
    """A file's attributes without its pixels; ImageUnreadableError when it is not DICOM."""
    try:
        return dcmread(path, stop_before_pixels=True, force=True)
    except Exception as error:  # pydicom raises many kinds on hostile bytes; all of them mean the same here
        raise ImageUnreadableError(f"The file cannot be read as DICOM ({type(error).__name__}).") from None


def nothing_readable(spec: SystemSpec, unreadable: Mapping[str, str]) -> Findings:
    """What a study is worth of which no image could be decoded."""
    reason = spec.reasons.get("image_unreadable") or CodedConcept("111220", "DCM", "Other failure")
    explanation = " ".join(sorted(set(unreadable.values()))) or "The job has no image to score."
    return Findings(items=(), totals=(), quality=NON_DIAGNOSTIC, not_evaluable=NotEvaluable(reason, explanation))


def weights_digest(spec: SystemSpec, weights: Sequence[WeightRecord]) -> str:
    """Identity of "these weights": SHA-256 over key, version, preprocessing, spec file and every weight file."""
    parts = [spec.key, spec.version, spec.preprocessing_version, spec.sha256]
    parts += sorted(f"{w.role}:{w.sha256}" for w in weights)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def engine_in_use() -> Engine:
    """The software and processor that computed a result."""
    libraries = []
    for name in _LIBRARIES:
        try:
            libraries.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return Engine(f"rheumascore {version('rheumascore')}", tuple(libraries), f"cpu {platform.machine()}")


def _assemble(
    system: ScoringSystem,
    study: Study,
    chosen: Sequence[ChosenImage],
    findings: Findings,
    unreadable: Mapping[str, str],
    now: datetime,
) -> Scored:
    heatmaps = [(h, *array_bytes(h.grid)) for h in findings.heatmaps]
    marks = [(m, *array_bytes(m.points)) for m in findings.marks]
    result = ScoreResult(
        system=system.spec.key,
        system_version=system.spec.version,
        kind=system.spec.kind,
        preprocessing_version=system.spec.preprocessing_version,
        weights=tuple(w.use() for w in system.weights),
        weights_digest=weights_digest(system.spec, system.weights),
        statement=system.statement,
        engine=engine_in_use(),
        study_instance_uid=study.study_instance_uid,
        images=tuple(_image_use(c, findings, unreadable) for c in chosen),
        items=_in_order(findings.items, system.spec),
        totals=findings.totals,
        missing_site_rule="none",
        quality=findings.quality,
        scored_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        hands=tuple(replace(hand, box=_on_grid(hand.box)) for hand in findings.hands),
        heatmaps=tuple(Heatmap(h.image, digest, h.method, h.about) for h, digest, _ in heatmaps),
        marks=tuple(Marks(m.image, digest, m.about) for m, digest, _ in marks),
        notes=findings.notes,
        not_evaluable=findings.not_evaluable,
        forced=study.forced,
        protocol=system.spec.protocol,
    )
    return Scored(result, {digest: content for _, digest, content in [*heatmaps, *marks]})


def _in_order(items: Sequence[ScoreItem], spec: SystemSpec) -> tuple[ScoreItem, ...]:
    """The items in the order of the spec, as a report is read back, with their regions on the grid of a report."""
    placed = sorted(items, key=spec.place)
    return tuple(replace(item, region=_on_grid(item.region)) if item.region else item for item in placed)


def _on_grid(box: Box) -> Box:
    """The box in steps of 1/64 pixel: a report keeps regions in single precision, which is exact for these."""
    x0, y0, x1, y1 = (round(64 * v) / 64 for v in box)
    return x0, y0, x1, y1


def _image_use(chosen: ChosenImage, findings: Findings, unreadable: Mapping[str, str]) -> ImageUse:
    image = chosen.reference
    used, rule, explanation = chosen.used, chosen.rule, chosen.explanation
    if image.sop_instance_uid in unreadable:
        used, rule, explanation = False, _UNREADABLE, unreadable[image.sop_instance_uid]
    elif image.sop_instance_uid in findings.left_out:
        used = False
        rule, explanation = findings.left_out[image.sop_instance_uid]
    return ImageUse(
        sop_instance_uid=image.sop_instance_uid,
        sop_class_uid=image.sop_class_uid,
        series_instance_uid=image.series_instance_uid,
        study_instance_uid=image.study_instance_uid,
        content_sha256=image.content_sha256,
        rows=image.rows,
        columns=image.columns,
        used=used,
        rule=rule,
        explanation=explanation,
    )
