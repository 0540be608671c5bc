"""Who may open the page: whoever holds a token printed at start, once; afterwards a session kept on the server."""

from __future__ import annotations

import hmac
import secrets
from threading import Lock
from time import monotonic
from typing import Final

SESSION_SECONDS: Final = 12 * 3600
"""A working day."""


class Access:
    """Tokens that open one session each. Everything lives in memory: a restart ends every session."""

    def __init__(self) -> None:
        self._unused: set[str] = set()
        self._until: dict[str, float] = {}
        self._lock = Lock()
        self.token = self.new_token()

    def new_token(self) -> str:
        """One more token, for somebody else or another page."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._unused.add(token)
        return token

    def exchange(self, token: str) -> str | None:
        """A session's secret for the token, the first time only; None for a wrong or a used one."""
        with self._lock:
            right = [known for known in self._unused if hmac.compare_digest(token.encode(), known.encode())]
            self._unused.difference_update(right)
            return self._begin() if right else None

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
