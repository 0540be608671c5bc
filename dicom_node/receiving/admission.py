"""Who may open an association: by AE title and address, by certificate, by user name, and how many at a time.

Default deny. An AE title names a peer; its certificate, or its passcode, proves that it is that peer.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from dicom_node.certificate import Certificate
from dicom_node.passcode import matches
from dicom_node.peers import Peer
from dicom_node.receiving.rejections import (
    CALLED_NOT_RECOGNISED,
    CALLING_NOT_RECOGNISED,
    MAY_NOT_SEND,
    MUST_USE_TLS,
    NO_IDENTITY,
    NOT_FROM_THERE,
    NOT_ITS_CERTIFICATE,
    TOO_MANY_ASSOCIATIONS,
    WRONG_IDENTITY,
    Rejection,
)
from dicom_node.receiving.user_identity import UserIdentity
from dicom_node.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """How a peer introduces itself, and what it proved."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    over_tls: bool = False
    certificate: Certificate | None = None
    identity: UserIdentity | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a caller that is let in may do beside Verification."""

    may_store: bool
    reports_for: frozenset[str]
    """Names of the destinations of which it may report storage commitment."""
    identity_verified: bool
    """Its user name and passcode were asked for, and are right."""
    leave: Callable[[], None]
    """Gives its place among the associations back; harmless the second time."""


NOBODY = Admitted(may_store=False, reports_for=frozenset(), identity_verified=False, leave=lambda: None)
"""What an association may do before it is admitted."""


class Admission:
    """Decides on every caller, and counts those that are in."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._associations: Counter[str] = Counter()
        self._lock = threading.Lock()

    def admit(self, caller: Caller) -> Rejection | Admitted:
        """Let in, or say why not. Takes about 50 ms where a passcode is compared."""
        if caller.called_ae_title != self._settings.node.ae_title:
            return CALLED_NOT_RECOGNISED
        named = [p for p in self._settings.peers if p.may_call and p.calls_as(caller.calling_ae_title, caller.address)]
        if not named:
            return self._why_unknown(caller)
        faults = [(peer, _why_not(peer, caller)) for peer in named]
        proven = [peer for peer, fault in faults if fault is None]
        if not proven:
            return next(fault for _, fault in faults if fault is not None)
        if not (leave := self._enter(proven[0])):
            return TOO_MANY_ASSOCIATIONS
        return Admitted(
            may_store=any(p.may_send for p in proven),
            reports_for=frozenset(p.name for p in proven if p.reports_commitment),
            identity_verified=any(p.user_name for p in proven),
            leave=leave,
        )

    def _why_unknown(self, caller: Caller) -> Rejection:
        """The same answer to all; the words are for those who look into the log for what node.toml lacks."""
        if any(peer.calls_as(caller.calling_ae_title, caller.address) for peer in self._settings.peers):
            return MAY_NOT_SEND
        titles = {title for peer in self._settings.peers for title in (peer.ae_title, *peer.ae_titles)}
        return NOT_FROM_THERE if caller.calling_ae_title in titles else CALLING_NOT_RECOGNISED

    def _enter(self, peer: Peer) -> Callable[[], None] | None:
        """Take a place; returns how it is given back, or None when there is none."""
        places = [peer.name]

        def leave() -> None:
            with self._lock:
                self._associations.subtract(places)
                places.clear()

        with self._lock:
            full = self._associations.total() >= self._settings.limits.associations
            if full or self._associations[peer.name] >= peer.max_associations:
                return None
            self._associations[peer.name] += 1
        return leave


def _why_not(peer: Peer, caller: Caller) -> Rejection | None:
    """None when the caller is this peer, as far as it must prove that; the passcode, which costs time, is last."""
    if peer.must_use_tls and not caller.over_tls:
        return MUST_USE_TLS
    if caller.over_tls and not peer.holds(caller.certificate):
        return NOT_ITS_CERTIFICATE
    if not peer.user_name:
        return None
    if caller.identity is None:
        return NO_IDENTITY
    known = matches(caller.identity.passcode.reveal(), peer.passcode_hash.reveal())
    return None if known and caller.identity.user_name == peer.user_name else WRONG_IDENTITY
