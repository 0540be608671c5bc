"""``rheumascore score``: files in, reports, heatmaps and tables out; no server, no ledger.

The same routing, inference and writers as the node's; only the transport is missing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import typer
from pydicom import dcmread
from rich.console import Console
from rich.table import Table

from dicom_node.earlier_visits import EarlierVisits
from dicom_node.ledger.results import read_visit
from dicom_node.ledger.second_opinions import opinions_of
from dicom_node.local_files import LocalFile, find_files, read_local_file, studies_of
from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.routing import RoutingDecision, decide
from dicom_node.score_table import score_table
from dicom_node.source_images import chosen_images, source_images
from scoring.catalogue import find_spec, list_systems, open_spec
from scoring.contract import ScoringSystem
from scoring.errors import RheumascoreError
from scoring.inference import read_header, run_inference
from scoring.pixel_decoding import PixelDecoder
from scoring.result import PriorResult, ScoreResult, ScoreTotal
from scoring.second_opinion import DIFFERS
from scoring.study import Study
from scoring.trial import TrialProtocol
from scoring.whole_file import write_whole_text
from sr_templates.document_forms import DocumentForm, Extra
from sr_templates.reading_table import category_words
from sr_templates.report_as_text import report_as_text
from sr_templates.result_objects import ResultObjects, write_result_objects
from sr_templates.writing import Role

_PICTURES: Final = (".jpg", ".jpeg", ".png")
_ENDINGS: Final[dict[Role, str]] = {
    "report": "sr.dcm",
    "heatmap": "sc.dcm",
    "montage": "montage.sc.dcm",
    "report_page": "page.sc.dcm",
    "multiframe": "frames.sc.dcm",
    "segmentation": "seg.dcm",
    "pdf": "pdf.dcm",
    "key_object": "ko.dcm",
}


@dataclass(frozen=True)
class Before:
    """What a result follows: the first visit of its subject, and other systems' results of the same study."""

    baseline: PriorResult | None
    others: tuple[ScoreResult, ...]


@dataclass(frozen=True)
class Wanted:
    """Which objects to write, and where."""

    out: Path
    form: DocumentForm = "comprehensive"
    extras: tuple[Extra, ...] = ()
    protocol: TrialProtocol | None = None
    """A trial's, which rules the systems."""


@dataclass(frozen=True)
class OfflineScore:
    """One study and system: the result with the files that were written, or why the system scores nothing of it."""

    study_instance_uid: str
    system: str
    refused: str = ""
    result: ScoreResult | None = None
    files: tuple[Path, ...] = ()


def print_scores(paths: Sequence[Path], wanted: Wanted, system: str | None, *, as_json: bool) -> int:
    """Score, write, and print one line for each study and system. Exit code 1 when nothing was scored."""
    out = wanted.out
    out.mkdir(parents=True, exist_ok=True)
    with Console(stderr=True).status("scoring"):
        scores = list(score_files(paths, wanted, system))
    results = [s.result for s in scores if s.result is not None]
    write_whole_text(out / "scores.csv", score_table(results))
    write_whole_text(out / "scores.json", "[" + ",\n".join(result.to_json() for result in results) + "]\n")
    rows = [_row(score) for score in scores]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        table = Table("study", "system", "score", "files", box=None)
        for row in rows:
            table.add_row(f"…{row['study'][-8:]}", row["system"], row["score"], _together(row["files"]))
        Console().print(table)
        if results:
            typer.echo(f"Each report as a readable tree: {out / '*.sr.txt'}")
        for statement in dict.fromkeys(r.statement for r in results if r.statement):
            typer.echo(statement)
    return 0 if results else 1


def _together(files: Sequence[str]) -> str:
    """``hand_joints-9b65d40d1bd7.* (8 files)``: the names of one result's files differ in their endings only."""
    return f"{files[0].partition('.')[0]}.* ({len(files)} files)" if files else ""


def score_files(paths: Sequence[Path], wanted: Wanted, system: str | None) -> Iterator[OfflineScore]:
    """Score every study among the files; pictures are wrapped first. Files that are no instance are reported.

    Studies go by their dates, so that a later visit of a subject among them names the first one as its baseline.
    """
    specs = (find_spec(system),) if system else list_systems()
    with tempfile.TemporaryDirectory() as wrapped, PixelDecoder() as decoder:
        files = list(_read_files(paths, Path(wrapped)))
        for file in files:
            if file.reference is None:
                yield OfflineScore(file.path.name, "", refused=file.fault)
        by_uid = {f.reference.sop_instance_uid: f.path for f in files if f.reference is not None}
        visits = {s: read_visit(read_header(by_uid[s.images[0].sop_instance_uid])) for s in studies_of(files)}
        earlier = EarlierVisits()
        for study, visit in sorted(visits.items(), key=lambda each: each[1].study_date):
            others: list[ScoreResult] = []
            for decision in decide(study, specs):
                before = Before(earlier.baseline_of(visit, decision.spec.key), tuple(others))
                score, written = _score_one(study, decision, by_uid, decoder, wanted, before)
                if score.result is not None and written is not None:
                    earlier.add(visit, score.result, written)
                    others.append(score.result)
                yield score


def _read_files(paths: Sequence[Path], wrapped: Path) -> Iterator[LocalFile]:
    """Every file, pictures wrapped first. A picture that cannot be wrapped is a fault of that file only."""
    for number, path in enumerate(find_files(paths)):
        if path.suffix.lower() not in _PICTURES:
            yield read_local_file(path)
            continue
        try:
            yield from map(read_local_file, wrap_photos([path], "hand", "", wrapped / str(number)))
        except RheumascoreError as error:
            yield LocalFile(path, None, str(error))


def _score_one(
    study: Study,
    decision: RoutingDecision,
    paths: dict[str, Path],
    decoder: PixelDecoder,
    wanted: Wanted,
    before: Before,
) -> tuple[OfflineScore, ResultObjects | None]:
    uid, key = study.study_instance_uid, decision.spec.key
    if not decision.accepts:
        return OfflineScore(uid, key, refused=decision.reason), None
    system = _opened(key, wanted.protocol)
    scored = run_inference(system, study, chosen_images(decision.choices, paths), decoder, datetime.now(UTC))
    result = replace(scored.result, baseline=before.baseline)
    result = replace(result, second_opinions=opinions_of(result, before.others))
    sources = source_images(result, paths, decoder)
    written = write_result_objects(result, decision.spec, sources, scored.arrays, wanted.form, wanted.extras)
    files = _write_files(written, f"{key}-{result.digest[:12]}", wanted.out)
    return OfflineScore(uid, key, result=result, files=files), written


@lru_cache(maxsize=4)
def _opened(key: str, protocol: TrialProtocol | None) -> ScoringSystem:
    spec = find_spec(key)
    return open_spec(protocol.ruling(spec) if protocol else spec)


def _write_files(written: ResultObjects, stem: str, out: Path) -> tuple[Path, ...]:
    """Each object as a DICOM file, the report also as a readable tree."""
    paths = []
    names: dict[str, int] = {}
    for item in written.objects:
        number = names[item.role] = names.get(item.role, 0) + 1
        suffix = f"-{number}" if number > 1 else ""
        paths.append(out / f"{stem}{suffix}.{_ENDINGS[item.role]}")
        paths[-1].write_bytes(item.content)
        if item.role == "report":
            paths.append(out / f"{stem}.sr.txt")
            paths[-1].write_text(report_as_text(dcmread(BytesIO(item.content))), encoding="utf-8")
    return tuple(paths)


def _row(score: OfflineScore) -> dict[str, Any]:
    return {
        "study": score.study_instance_uid,
        "system": score.system,
        "score": summary_line(score.result) if score.result else f"not scored: {score.refused}",
        "files": [path.name for path in score.files],
    }


def summary_line(result: ScoreResult) -> str:
    """A result in one line: the total, or what there is of it and why there is no more; and whose total differs."""
    differing = [opinion.system for opinion in result.second_opinions if opinion.verdict == DIFFERS]
    return _total_line(result) + "".join(f"; differs from {system}, a reader must look" for system in differing)


def _total_line(result: ScoreResult) -> str:
    if result.not_evaluable:
        return f"not evaluable: {result.not_evaluable.reason.meaning}"
    if not result.totals:
        return f"{sum(i.status == 'scored' for i in result.items)} of {len(result.items)} items scored"
    spec, total = find_spec(result.system), result.totals[-1]
    if spec.per_picture:
        return "; ".join(category_words((spec.total(t.key), t)) for t in result.totals if spec.total(t.key).categories)
    if total.grade is not None and total.reason is None:
        return f"{total.grade} of {total.highest:g} ({total.assessed} of {total.planned} sites)"
    whole = [t for t in result.totals if t.grade is not None and t.assessed == t.planned]
    known = f"; {_label(result, whole[-1])} {whole[-1].grade} of {whole[-1].highest:g}" if whole else ""
    reason = total.reason.meaning if total.reason else "not computable"
    return f"{reason} ({total.assessed} of {total.planned} sites{known})"


def _label(result: ScoreResult, total: ScoreTotal) -> str:
    return find_spec(result.system).total(total.key).label.lower()
