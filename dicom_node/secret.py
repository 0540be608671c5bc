"""A value of node.toml that is never shown: a password, a token, a key, an address with a password in it."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final, Never, final

_SHOWN: Final = "***"


@final
class Secret:
    """Text that says ``***`` wherever it is printed, formatted, logged or compared in a traceback.

    Only ``reveal()`` gives it, at the one call that needs it: a search for that word lists every place where a secret
    leaves its keeper. It cannot be pickled or copied into another process by accident, and it is no JSON.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Hand it to the connection that needs it; keep it in no name of your own."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({_SHOWN!r})" if self._text else "Secret('')"

    def __str__(self) -> str:
        return _SHOWN if self._text else ""

    def __format__(self, _spec: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        """False when none was given."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        """In a time that does not tell how much of it is equal."""
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> Never:
        raise TypeError("A secret is not copied, pickled or sent; hand on the settings' file instead.")


NO_SECRET: Final = Secret()
"""What a key is that nobody gave."""
