"""The pictures that were written for a study's results, as a person at the archive sees them."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from PIL import Image
from pydicom import dcmread
from pydicom.pixels.utils import pixel_array
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_lab.web.image_pixels import LARGEST_SIDE
from core_lab.web.node_view import NodeView
from core_lab.web.refusal import refusal
from core_lab.web.unchanged import kept, unchanged
from dicom_node.errors import InstanceLostError
from dicom_node.ledger.tables import ObjectRow, ResultRow

_PICTURES: Final = ("heatmap", "montage", "report_page", "multiframe")


def pictures_of(session: Session, result_digest: str) -> list[ObjectRow]:
    """The pictures of one result, in sending order."""
    query = select(ObjectRow).where(ObjectRow.result_digest == result_digest, ObjectRow.role.in_(_PICTURES))
    return list(session.scalars(query.order_by(ObjectRow.position)))


def written_picture_routes(view: NodeView) -> APIRouter:
    """``/studies/{uid}/objects/{sop}/picture.png``: the first frame of a stored object, ``side`` pixels at most."""
    router = APIRouter(prefix="/studies/{uid}/objects/{sop}")

    @router.get("/picture.png")
    def picture(
        request: Request, uid: str, sop: str, side: Annotated[int, Query(ge=16, le=LARGEST_SIDE)] = LARGEST_SIDE
    ) -> Response:
        with view.ledger.read() as session:
            sha256 = session.scalar(
                select(ObjectRow.content_sha256)
                .join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
                .where(ObjectRow.sop_instance_uid == sop, ResultRow.study_instance_uid == uid)
                .where(ObjectRow.role.in_(_PICTURES))
            )
        if sha256 is None:
            return refusal(request.scope, HTTPStatus.NOT_FOUND, "The study holds no such picture.")
        version = f"w{side}{sha256}"
        if same := unchanged(request, version):
            return kept(same, version)
        try:
            png = _png(view.store.read(sha256), side)
        except InstanceLostError as error:
            return refusal(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except Exception:  # whatever is wrong with the stored bytes, the page says so and goes on
            return refusal(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, "The stored picture cannot be read.")
        return kept(Response(png, media_type="image/png"), version)

    return router


def _png(content: bytes, side: int) -> bytes:
    image = Image.fromarray(pixel_array(dcmread(io.BytesIO(content)), index=0))
    image.thumbnail((side, side), Image.Resampling.BOX, reducing_gap=None)
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()
