"""Who may open the page: whoever holds the token printed at start, once; afterwards a session kept on the server."""

from __future__ import annotations

import hmac
import secrets
from threading import Lock
from time import monotonic
from typing import Final

SESSION_SECONDS: Final = 12 * 3600
"""A working day."""


class Access:
    """One token that opens one session. Everything lives in memory: a restart ends every session."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._unused = True
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def exchange(self, token: str) -> str | None:
        """A session's secret for the token, the first time only; None for a wrong or a used one."""
        right = hmac.compare_digest(token.encode(), self.token.encode())
        with self._lock:
            if not right or not self._unused:
                return None
            self._unused = False
            return self._begin()

    def holds(self, session: str) -> bool:
        """True while this session lasts."""
        with self._lock:
            until = self._until.get(session)
            if until is not None and until <= monotonic():
                del self._until[session]
                return False
            return until is not None

    def _begin(self) -> str:
        session = secrets.token_urlsafe(32)
        self._until[session] = monotonic() + SESSION_SECONDS
        return session
