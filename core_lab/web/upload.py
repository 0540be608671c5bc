"""The upload page: pictures come one by one, are judged as they arrive, and go as one study into the node's inbox."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.requests import ClientDisconnect

from core_lab.errors import UploadRefusedError
from core_lab.upload.outgoing_visits import visit_doubts, with_names
from core_lab.upload.picture_tray import TrayPicture
from core_lab.upload.upload_desk import UploadDesk
from core_lab.upload.visit_form import read_visit_form
from core_lab.web.doorkeeper import OWNER, UPLOAD_PAGE, UPLOADS
from core_lab.web.hands_drawing import drawn_fingers
from core_lab.web.templating import STATE_WORDS, render
from dicom_node.upload_settings import UploadSection

Scale = Annotated[float | None, Query(gt=0, lt=10_000)]
"""Micrometres of skin to a pixel, where it is known."""
_LATEST: Final = 4_102_444_800.0
"""2100: no file was changed later than that."""


def upload_routes(desk: UploadDesk, section: UploadSection) -> APIRouter:
    """``/upload``, and below ``/api/upload/`` what it sends: pictures, and the visit that they make."""
    router = APIRouter()
    reading = CapacityLimiter(1)  # the reader does one thing at a time: who waits for it holds no thread

    @router.get(UPLOAD_PAGE)
    def upload_page() -> HTMLResponse:
        desk.reader.start()
        return HTMLResponse(render("upload.html", section=section, fingers=drawn_fingers(), states=STATE_WORDS))

    @router.post(f"{UPLOADS}reader")
    def wake() -> Response:
        """Somebody is about to choose a picture: the reader, which rests when nobody did for a while, gets ready."""
        desk.reader.start()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.get(f"{UPLOADS}pictures")
    def pictures(request: Request) -> JSONResponse:
        return JSONResponse([_shown(picture) for picture in desk.tray.pictures(_owner(request)) if picture.look])

    @router.post(f"{UPLOADS}pictures")
    async def hand_in(
        request: Request, name: str = "", modified: float | None = None, um_per_px: Scale = None
    ) -> JSONResponse:
        picture = await _arrived(request, desk, name, modified)
        return await to_thread.run_sync(_look, desk, picture, um_per_px, limiter=reading)

    @router.post(f"{UPLOADS}pictures/{{picture_id}}/look")
    async def look_again(request: Request, picture_id: str, um_per_px: Scale = None) -> JSONResponse:
        picture = desk.tray.picture(_owner(request), picture_id)
        return await to_thread.run_sync(_look, desk, picture, um_per_px, limiter=reading)

    @router.get(f"{UPLOADS}pictures/{{picture_id}}/preview")
    def preview(request: Request, picture_id: str) -> Response:
        return Response(desk.tray.shown(_owner(request), picture_id), media_type="image/jpeg")

    @router.delete(f"{UPLOADS}pictures/{{picture_id}}")
    def remove(request: Request, picture_id: str) -> Response:
        desk.tray.remove(desk.tray.picture(_owner(request), picture_id))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post(f"{UPLOADS}visit")
    async def send(request: Request) -> JSONResponse:
        form = read_visit_form(_read_json(await request.body()))
        found = desk.visits.pictures(form, _owner(request))
        if (doubts := list(visit_doubts(form, found))) and not form.confirmed:
            return JSONResponse({"doubts": doubts})
        sent = await to_thread.run_sync(desk.visits.send, form, _owner(request), limiter=reading)
        return JSONResponse({"study_instance_uid": sent.study_instance_uid, "pictures": sent.pictures, "new": sent.new})

    return router


async def _arrived(request: Request, desk: UploadDesk, name: str, modified: float | None) -> TrayPicture:
    """The body as a picture of the tray; whatever stops it on the way leaves nothing behind."""
    try:
        arriving = desk.tray.begin(_owner(request), name)
    except UploadRefusedError:
        async for _ in request.stream():  # a browser hears an answer only when all that it sends was taken
            pass
        raise
    try:
        async for data in request.stream():
            arriving.write(data)
        return arriving.finish(modified if modified is not None and 0 <= modified < _LATEST else None)
    except ClientDisconnect:
        raise UploadRefusedError("The picture did not arrive whole; choose it again.") from None
    finally:
        arriving.abort()


def _look(desk: UploadDesk, picture: TrayPicture, um_per_px: float | None) -> JSONResponse:
    """What is seen on a picture; one that cannot be taken is forgotten."""
    try:
        look = desk.reader.look(picture.path, um_per_px, picture.preview)
    except UploadRefusedError as error:
        desk.tray.remove(picture)
        raise UploadRefusedError(with_names(str(error), [picture]), error.status) from None
    desk.tray.note(picture, look)
    return JSONResponse(_shown(desk.tray.picture(picture.owner, picture.id)))


def _shown(picture: TrayPicture) -> dict[str, Any]:
    assert picture.look is not None
    return {"id": picture.id, "name": picture.name, "fit": picture.look.fit, **picture.look.as_json()}


def _read_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UploadRefusedError("The page sent something that it cannot have sent; load it again.") from None


def _owner(request: Request) -> str:
    return str(request.scope[OWNER])
