"""Errors of the core lab.

RheumascoreError
└── UploadRefusedError           RS-401  a picture, or a visit of pictures, was not taken through the page
"""

from __future__ import annotations

from http import HTTPStatus

from scoring.errors import RheumascoreError


class UploadRefusedError(RheumascoreError):
    """Not taken, and nothing of it is kept: the message stands beside the picture that it is about."""

    code = "RS-401"

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        """``message``: for whoever handed it in; ``status``: of the HTTP answer."""
        super().__init__(message)
        self.status = status
