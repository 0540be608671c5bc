"""What every kind of destination must offer: take one finished object at a time, and say what became of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

Verdict = Literal["sent", "later", "never", "unknown"]
"""``unknown``: no answer, or one to another question; the same bytes must be sent again under the same UID."""


@dataclass(frozen=True, slots=True)
class OutgoingObject:
    """One DICOM object on its way: ``data_set`` is its bytes in ``transfer_syntax_uid``, without a meta header."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set: bytes


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """What a destination said about one object; ``status`` as in PS3.4 B.2.3, None when it never answered."""

    verdict: Verdict
    status: int | None
    text: str


class NotOfferedError(Exception):
    """The peer is no provider of a service that may be asked of a destination, and need not be."""


class OpenDestination(Protocol):
    """An open way to one destination."""

    def accepts(self, sop_class_uid: str, transfer_syntax_uid: str) -> bool:
        """True when it takes this class in this transfer syntax."""
        ...

    def send(self, outgoing: OutgoingObject) -> ObjectAnswer:
        """Send one object. After ``unknown`` the way is closed."""
        ...


class Destination(Protocol):
    """Opens the way. Raises DestinationAwayError, DestinationBusyError, DestinationRefusesError."""

    def __call__(self, kinds: frozenset[tuple[str, str]]) -> AbstractContextManager[OpenDestination]:
        """``kinds``: (SOP Class UID, Transfer Syntax UID) of everything that may be sent."""
        ...
