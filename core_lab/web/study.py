"""One study: where it is, its images with grades and heatmap over them, the grade sheet, deliveries, the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_lab.web.grade_sheet import SIDE_WORDS, GradeSheet, grade_sheet, image_marks
from core_lab.web.node_view import NodeView
from core_lab.web.picture_readings import PictureReadings, picture_marks, picture_name, picture_readings
from core_lab.web.refusal import refusal
from core_lab.web.report_text import report_text
from core_lab.web.studies import statements_of
from core_lab.web.templating import render
from core_lab.web.unchanged import tagged, unchanged
from core_lab.web.written_pictures import pictures_of
from dicom_node.ledger.results import current_results
from dicom_node.ledger.tables import InstanceRow, ObjectRow, ResultRow
from dicom_node.study_status import ledger_version, study_status
from scoring.errors import ResultError
from scoring.result import ScoreResult

UNKNOWN_STUDY = "No study with this UID was received. It may still be on its way: see the list of studies."


@dataclass(frozen=True)
class ShownImage:
    """One image of the study as the page shows it."""

    sop_instance_uid: str
    content_sha256: str
    title: str
    used: bool | None
    """None: no system has decided yet."""
    explanation: str
    marks: str
    """JSON for the viewer."""
    heatmap: str
    """Digest of the result that has a heatmap of this image, or empty."""
    about: str


@dataclass(frozen=True)
class ShownResult:
    """One current result with its grade sheet, its report and its pictures."""

    result: ScoreResult
    sheet: GradeSheet
    readings: PictureReadings | None
    """In place of the sheet, where the system numbers pictures."""
    report: str
    pictures: list[ObjectRow]


def study_routes(view: NodeView) -> APIRouter:
    """``/studies/{uid}``."""
    router = APIRouter()

    @router.get("/studies/{uid}")
    def study_page(request: Request, uid: str) -> Response:
        with view.ledger.read() as session:
            version = ledger_version(session)
            if same := unchanged(request, version):
                return same
            status = study_status(session, uid)
            if status is None:
                return refusal(request.scope, HTTPStatus.NOT_FOUND, UNKNOWN_STUDY)
            results, unread = _shown_results(view, session, uid)
            images = _shown_images(view, session, uid, [r.result for r in results])
            trial = view.headers.trials(session, [uid])[uid]
        page = render(
            "study.html",
            status=status,
            trial=trial,
            results=results,
            unread=unread,
            images=images,
            side_words=SIDE_WORDS,
            statements=statements_of([status]),
        )
        return tagged(HTMLResponse(page), version)

    return router


def _shown_results(view: NodeView, session: Session, uid: str) -> tuple[list[ShownResult], list[str]]:
    """The results that stand; and why one cannot be shown, where another version stored it."""
    shown, unread = [], []
    for row in current_results(session, uid):
        try:
            shown.append(_shown_result(view, session, row))
        except ResultError as error:
            unread.append(f"{row.system}: {error}")
    return shown, unread


def _shown_result(view: NodeView, session: Session, row: ResultRow) -> ShownResult:
    result = ScoreResult.from_json(row.content)
    report, pictures = report_text(view.store, session, row.digest), pictures_of(session, row.digest)
    return ShownResult(result, grade_sheet(result), picture_readings(result), report, pictures)


def _shown_images(view: NodeView, session: Session, uid: str, results: list[ScoreResult]) -> list[ShownImage]:
    """The study's images in the order of their numbers, the scored ones first; what we wrote ourselves is left out."""
    ours = select(ObjectRow.sop_instance_uid)
    query = select(InstanceRow).where(InstanceRow.study_instance_uid == uid, InstanceRow.sop_instance_uid.not_in(ours))
    shown = []
    for row in session.scalars(query.order_by(InstanceRow.id)):
        reference = view.headers.image(row.content_sha256)
        if reference.is_image:
            words = [reference.laterality, reference.view_position, reference.series_description or reference.modality]
            title = " · ".join(w for w in words if w) or "Image"
            shown.append(_shown_image(row, title, results))
    return sorted(shown, key=lambda image: not image.used)


def _shown_image(row: InstanceRow, title: str, results: list[ScoreResult]) -> ShownImage:
    uid = row.sop_instance_uid
    uses = [(r, u) for r in results for u in r.images if u.content_sha256 == row.content_sha256]
    use = max((u for _, u in uses), key=lambda u: u.used, default=None)
    heat = next(((r, h) for r, _ in uses for h in r.heatmaps if h.image == uid), None)
    marks: list[dict[str, Any]] = [mark for r, u in uses if u.used for mark in _marks(r, uid)]
    name = next((name for r, _ in uses if (name := picture_name(r, uid))), title)
    return ShownImage(
        sop_instance_uid=uid,
        content_sha256=row.content_sha256,
        title=name,
        used=use.used if use else None,
        explanation=use.explanation if use else "",
        marks=json.dumps(marks),
        heatmap=heat[0].digest if heat else "",
        about=f"{heat[1].method}: {heat[1].about}" if heat else "",
    )


def _marks(result: ScoreResult, uid: str) -> list[dict[str, Any]]:
    marks = picture_marks(result, uid)
    return image_marks(result, uid) if marks is None else marks
