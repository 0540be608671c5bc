"""Pixels for the viewer: grey values, small pictures and heatmap layers of one study's images."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import select

from core_lab.web.image_pixels import LARGEST_SIDE
from core_lab.web.node_view import NodeView
from core_lab.web.refusal import refusal
from core_lab.web.unchanged import kept, unchanged
from dicom_node.errors import InstanceLostError
from dicom_node.ledger.tables import InstanceRow, ResultRow
from scoring.errors import ImageTooLargeError, ImageUnreadableError, ResultError
from scoring.result import ScoreResult

_Side = Annotated[int, Query(ge=16, le=LARGEST_SIDE)]


def picture_routes(view: NodeView) -> APIRouter:
    """``/studies/{uid}/images/{sop}/values``, ``picture.png`` and ``heatmap.png``."""
    router = APIRouter(prefix="/studies/{uid}/images/{sop}")

    @router.get("/values")
    def values(request: Request, uid: str, sop: str, content: str, side: _Side = LARGEST_SIDE) -> Response:
        """16-bit values, little endian, samples interleaved; the sizes stand in X- headers."""

        def read() -> Response:
            frame = view.pixels.frame(content, side)
            rows, columns, samples = frame.values.shape
            size = {"X-Rows": rows, "X-Columns": columns, "X-Samples": samples}
            size |= {"X-Source-Rows": frame.source_rows, "X-Source-Columns": frame.source_columns}
            headers = {name: str(number) for name, number in size.items()}
            return Response(frame.content, media_type="application/octet-stream", headers=headers)

        return _source(request, uid, sop, content, f"v{side}", read)

    @router.get("/picture.png")
    def picture(request: Request, uid: str, sop: str, content: str, side: _Side = 512) -> Response:
        def read() -> Response:
            return Response(view.pixels.png(content, side), media_type="image/png")

        return _source(request, uid, sop, content, f"p{side}", read)

    @router.get("/heatmap.png")
    def heatmap(request: Request, uid: str, sop: str, result: str) -> Response:
        with view.ledger.read() as session:
            row = session.get(ResultRow, result)
        try:
            maps = ScoreResult.from_json(row.content).heatmaps if row and row.study_instance_uid == uid else ()
        except ResultError as error:
            return refusal(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        array = next((h.array for h in maps if h.image == sop), None)
        if array is None:
            return refusal(request.scope, HTTPStatus.NOT_FOUND, "This result has no heatmap of this image.")
        return _answer(request, f"h{array}", lambda: Response(view.pixels.overlay(array), media_type="image/png"))

    def _source(
        request: Request, uid: str, sop: str, content: str, version: str, read: Callable[[], Response]
    ) -> Response:
        query = select(InstanceRow.id).where(
            InstanceRow.study_instance_uid == uid,
            InstanceRow.sop_instance_uid == sop,
            InstanceRow.content_sha256 == content,
        )
        with view.ledger.read() as session:
            known = session.scalar(query) is not None
        if not known:
            return refusal(request.scope, HTTPStatus.NOT_FOUND, "The study holds no such image.")
        return _answer(request, version + content, read)

    return router


def _answer(request: Request, version: str, read: Callable[[], Response]) -> Response:
    if same := unchanged(request, version):
        return kept(same, version)
    try:
        return kept(read(), version)
    except (ImageUnreadableError, ImageTooLargeError, InstanceLostError, ResultError) as error:
        return refusal(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
