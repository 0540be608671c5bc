"""Connections to PostgreSQL on which no statement waits longer than told, whatever becomes of the server.

libpq waits for an answer as long as the kernel calls the connection alive: a server that was stopped, or whose disk
hangs, would hold a sender's association for ever.
"""

from __future__ import annotations

from typing import Any, Self

import psycopg
from psycopg.abc import RV, PQGen


class PatientConnection(psycopg.Connection[Any]):
    """Closes itself when the server takes longer than ``patience_seconds`` over one answer."""

    patience_seconds: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """One answer of the server. Raises OperationalError when it does not come."""
        try:
            return super().wait(gen, interval, timeout or self.patience_seconds)
        except psycopg.errors._WaitTimeout as silent:
            self.pgconn.finish()  # what the server still does with the statement ends with the connection
            raise psycopg.OperationalError("the server did not answer in time") from silent

    @classmethod
    def connect_patiently(
        cls, patience_seconds: float, conninfo: str = "", *, options: str = "", **parameters: Any
    ) -> Self:
        """Connect within this time; the statements of the connection then have as long."""
        connection = cls.connect(
            conninfo,
            **parameters,
            connect_timeout=max(2, round(patience_seconds)),  # libpq takes 1 for 2
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            options=f"{options} -c synchronous_commit=on -c statement_timeout={round(1000 * patience_seconds)}",
        )
        connection.patience_seconds = patience_seconds + 1  # the server gives up first, if it lives
        return connection


connect_patiently = PatientConnection.connect_patiently
