"""Which form a destination gets: the richest that it takes, from the one wanted on. Seen once, remembered, looked at
again with every delivery.

Every association of a delivery proposes each rung of the ladder beside what is sent, so that looking costs nothing.
What was seen holds for one address and one wish: other settings begin anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import time
from typing import Final

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.delivery.destination import OpenDestination
from dicom_node.ledger.tables import AcceptedFormRow
from dicom_node.peers import Peer
from sr_templates.document_forms import LADDER, SECONDARY_CAPTURE, SOP_CLASS_OF_FORM, DocumentForm

_TRANSFER_SYNTAXES: Final = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))


@dataclass(frozen=True, slots=True)
class FormChoice:
    """The form that goes to a destination, and why."""

    destination: str
    ae_title: str
    form: DocumentForm
    wanted: DocumentForm
    seen: bool
    """False: nothing was sent there yet, and the form is the one wanted."""

    @property
    def reason(self) -> str:
        """Why this form, in words."""
        if not self.seen:
            return "wanted; not tried yet"
        if self.form == self.wanted:
            return f"wanted, and {self.ae_title} takes it"
        return f"richest that {self.ae_title} takes; wanted {self.wanted}"


def rungs(peer: Peer) -> tuple[DocumentForm, ...]:
    """The forms that may go to this peer, richest first."""
    wanted = peer.sr_sop_class or LADDER[0]
    return LADDER[LADDER.index(wanted) :]


def kinds_of_rungs(peer: Peer) -> frozenset[tuple[str, str]]:
    """(SOP Class UID, Transfer Syntax UID) to propose, so that the answer shows which forms the peer takes."""
    return frozenset((_sop_class(form), syntax) for form in rungs(peer) for syntax in _TRANSFER_SYNTAXES)


def accepted_forms(peer: Peer, way: OpenDestination) -> tuple[DocumentForm, ...]:
    """The forms that an open association takes, richest first."""
    return tuple(f for f in rungs(peer) if any(way.accepts(_sop_class(f), syntax) for syntax in _TRANSFER_SYNTAXES))


def forms_among(peer: Peer, kinds: Iterable[tuple[str, str]]) -> tuple[DocumentForm, ...]:
    """The forms whose SOP Class is among these kinds, richest first."""
    classes = {sop_class for sop_class, _ in kinds}
    return tuple(form for form in rungs(peer) if _sop_class(form) in classes)


def form_for(session: Session, peer: Peer) -> FormChoice:
    """The form to write for this peer: what it was seen to take, else what is wanted."""
    wanted = rungs(peer)[0]
    row = session.get(AcceptedFormRow, peer.name)
    if row is None or (row.address, row.wanted) != (_address(peer), wanted):
        return FormChoice(peer.name, peer.ae_title, wanted, wanted, seen=False)
    return _choice(row)


def noticed_forms(session: Session) -> dict[str, FormChoice]:
    """What was noticed last of every destination, by its name."""
    return {row.destination: _choice(row) for row in session.scalars(select(AcceptedFormRow))}


def remember(session: Session, peer: Peer, accepted: Sequence[DocumentForm]) -> FormChoice:
    """Keep what the peer was seen to take (not empty, richest first) until its settings, or what it takes, change."""
    row = session.get(AcceptedFormRow, peer.name)
    if row is None:
        row = AcceptedFormRow(destination=peer.name)
        session.add(row)
    row.address, row.wanted, row.form = _address(peer), rungs(peer)[0], accepted[0]
    row.accepted, row.seen_at = list(accepted), time()
    session.flush()
    return form_for(session, peer)


def _choice(row: AcceptedFormRow) -> FormChoice:
    form, wanted = (next(f for f in LADDER if f == name) for name in (row.form, row.wanted))
    return FormChoice(row.destination, row.address.partition("@")[0], form, wanted, seen=True)


def _sop_class(form: DocumentForm) -> str:
    return SOP_CLASS_OF_FORM.get(form, SECONDARY_CAPTURE)


def _address(peer: Peer) -> str:
    return f"{peer.ae_title}@{peer.host}:{peer.port}"
