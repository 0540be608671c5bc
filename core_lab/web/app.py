"""The page as an ASGI application: routes, static files, plain answers to what goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from core_lab.access import Access
from core_lab.errors import UploadRefusedError
from core_lab.upload.upload_desk import UploadDesk
from core_lab.web.doorkeeper import Doorkeeper
from core_lab.web.node_view import NodeView
from core_lab.web.pictures import picture_routes
from core_lab.web.refusal import refusal
from core_lab.web.studies import studies_routes
from core_lab.web.study import study_routes
from core_lab.web.upload import upload_routes
from core_lab.web.written_pictures import written_picture_routes
from dicom_node.settings import NodeSettings

_STATIC = Path(__file__).parent / "static"
_WHAT_TO_DO = {
    HTTPStatus.NOT_FOUND: "There is no such page. The list of studies is the place to start.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page only shows; nothing can be sent to it.",
}


def create_app(settings: NodeSettings, access: Access) -> ASGIApp:
    """The page of one node; ``access`` knows who may look. It writes nothing but what is handed in, if that is on."""
    view = NodeView.open(settings)
    desk = UploadDesk.open(settings, view.store, view.ledger) if settings.upload.on else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with desk or nullcontext():
            yield
        view.close()

    app = FastAPI(title="rheumascore", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.include_router(studies_routes(view))
    app.include_router(study_routes(view))
    app.include_router(picture_routes(view))
    app.include_router(written_picture_routes(view))
    if desk is not None:
        app.include_router(upload_routes(desk, settings.upload))
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.add_api_route("/healthz", _health(view))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _wrong_call)
    app.add_exception_handler(UploadRefusedError, _not_taken)
    app.add_exception_handler(SQLAlchemyError, _ledger_away)
    app.add_exception_handler(Exception, _our_fault)
    return Doorkeeper(app, access, settings)  # outermost: not even a fault of ours answers without its headers


def _health(view: NodeView) -> Callable[[], JSONResponse]:
    def health() -> JSONResponse:
        """Open to everybody on the host: it says nothing but whether the page can read the ledger."""
        with view.ledger.read() as session:
            session.execute(text("SELECT 1 FROM studies LIMIT 1"))
        return JSONResponse({"status": "ok"})

    return health


async def _http_error(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    return refusal(request.scope, status, _WHAT_TO_DO.get(status, f"{status.phrase}."))


async def _wrong_call(request: Request, _: Exception) -> Response:
    return refusal(request.scope, HTTPStatus.BAD_REQUEST, "A part of this address is missing or out of range.")


async def _not_taken(request: Request, error: Exception) -> Response:
    assert isinstance(error, UploadRefusedError)
    return refusal(request.scope, error.status, str(error))


async def _our_fault(request: Request, _: Exception) -> Response:
    said = "The page made an error; it was written to its log. Try again, or tell the people who run this node."
    return refusal(request.scope, HTTPStatus.INTERNAL_SERVER_ERROR, said)


async def _ledger_away(request: Request, _: Exception) -> Response:
    said = "The ledger did not answer. It is tried again with the next request; see `rheumascore doctor`."
    return refusal(request.scope, HTTPStatus.SERVICE_UNAVAILABLE, said)
