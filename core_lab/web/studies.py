"""The list: which studies there are, where each one is, what came out; and the same as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from core_lab.web.node_view import NodeView
from core_lab.web.refusal import refusal
from core_lab.web.templating import render
from core_lab.web.unchanged import tagged, unchanged
from dicom_node.study_status import STATES, ledger_version, state_counts, study_status, study_statuses

SHOWN: Final = 100


def studies_routes(view: NodeView) -> APIRouter:
    """``/``, ``/api/studies`` and ``/api/studies/{uid}``."""
    router = APIRouter()

    @router.get("/")
    def studies_page(request: Request, state: str | None = None) -> Response:
        if state is not None and state not in STATES:
            return refusal(request.scope, HTTPStatus.NOT_FOUND, "There is no such state of a study.")
        with view.ledger.read() as session:
            disk = view.disk.forecast(session)
            version = f"{ledger_version(session)}-{state or 'all'}-{disk.made_at:.0f}"
            if same := unchanged(request, version):
                return same
            statuses = study_statuses(session, state=state, limit=SHOWN)
            trials = view.headers.trials(session, [s["study_instance_uid"] for s in statuses])
            counts = state_counts(session)
        page = render(
            "studies.html",
            statuses=statuses,
            trials=trials,
            counts=counts,
            number=sum(counts.values()),
            chosen=state,
            shown=SHOWN,
            statements=statements_of(statuses),
            settings=view.settings,
            disk=disk,
        )
        return tagged(HTMLResponse(page), version)

    @router.get("/api/studies")
    def studies_json(state: str | None = None) -> JSONResponse:
        with view.ledger.read() as session:
            return JSONResponse(study_statuses(session, state=state))

    @router.get("/api/studies/{uid}")
    def study_json(request: Request, uid: str) -> Response:
        with view.ledger.read() as session:
            status = study_status(session, uid)
        if status is None:
            return refusal(request.scope, HTTPStatus.NOT_FOUND, "The ledger knows no study with this UID.")
        return JSONResponse(status)

    return router


def statements_of(statuses: list[dict[str, Any]]) -> list[str]:
    """Every statement that must stand on a page which shows results of these studies, each once."""
    return list(dict.fromkeys(r["statement"] for s in statuses for r in s["results"] if r["statement"]))
