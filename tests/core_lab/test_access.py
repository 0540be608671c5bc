"""The one-time token and the sessions it opens."""

from __future__ import annotations

import pytest

from core_lab import access
from core_lab.access import Access


def test_the_token_opens_one_session_and_no_second() -> None:
    door = Access()
    session = door.exchange(door.token)
    assert session is not None and door.holds(session)
    assert door.exchange(door.token) is None
    assert door.holds(session)


def test_a_wrong_token_opens_nothing_and_does_not_use_up_the_right_one() -> None:
    door = Access()
    assert door.exchange("wrong") is None
    assert door.exchange("é") is None
    assert door.exchange(door.token) is not None


def test_a_session_that_nobody_opened_or_that_is_over_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Access()
    session = door.exchange(door.token)
    assert session is not None
    assert not door.holds("") and not door.holds(door.token)
    now = access.monotonic()
    monkeypatch.setattr(access, "monotonic", lambda: now + access.SESSION_SECONDS + 60)
    assert not door.holds(session)
