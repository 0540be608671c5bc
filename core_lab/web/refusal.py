"""Pages for 400, 403, 404 and their like: what is wrong and what to do, plain, without traces."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from core_lab.web.templating import render


def refusal(scope: Scope, status: HTTPStatus, text: str) -> Response:
    """The answer in the form that was asked for: JSON below /api/, else a page."""
    if scope["path"].startswith(("/api/", "/healthz")):
        return JSONResponse({"error": {"code": int(status), "text": text}}, status)
    return HTMLResponse(render("refusal.html", status=int(status), title=status.phrase, text=text), status)
