"""Entity tags: what is asked for again and is the same costs one number, no rendering and no decoding."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Final, TypeVar

from fastapi import Request
from fastapi.responses import Response

_RUN: Final = secrets.token_hex(4)  # other code or another ledger after a restart: other tags
_Answer = TypeVar("_Answer", bound=Response)


def unchanged(request: Request, version: str) -> Response | None:
    """The answer 304 when the browser holds this version, else None."""
    if request.headers.get("if-none-match") != _tag(version):
        return None
    return tagged(Response(status_code=HTTPStatus.NOT_MODIFIED), version)


def tagged(answer: _Answer, version: str) -> _Answer:
    """The answer, named by its version. Nothing is written to the browser's disk (no-store, set by the doorkeeper)."""
    answer.headers["ETag"] = _tag(version)
    return answer


def kept(answer: _Answer, version: str) -> _Answer:
    """The same for pictures, which are named by their content: the browser may keep them and asks before each use."""
    answer.headers["Cache-Control"] = "private, no-cache"
    return tagged(answer, version)


def _tag(version: str) -> str:
    return f'"{_RUN}-{version}"'
