"""A destination that does not take the report as it was written gets it in another form."""

from __future__ import annotations

from collections.abc import Sequence

from dicom_node.delivery.accepted_forms import accepted_forms, form_for, remember, rungs
from dicom_node.delivery.destination import OpenDestination
from dicom_node.delivery.report_jobs import ask_for_form
from dicom_node.delivery.waiting_objects import WaitingObject, end_unsent, mark_untried
from dicom_node.errors import DestinationRefusesError
from dicom_node.ledger.destinations import note_answer
from dicom_node.ledger.jobs import LeasedJob, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record
from dicom_node.peers import Peer
from sr_templates.document_forms import DocumentForm


def other_form(
    ledger: Ledger, leased: LeasedJob, peer: Peer, way: OpenDestination, waiting: Sequence[WaitingObject]
) -> DocumentForm | None:
    """The form that must be written instead, because the peer does not take what waits. Notices what it takes.

    Raises DestinationRefusesError when it takes no form at all.
    """
    accepted = accepted_forms(peer, way)
    if not accepted:
        wanted = ", ".join(rungs(peer))
        raise DestinationRefusesError(
            f"{peer.name} ({peer.ae_title} at {peer.host}:{peer.port}) takes none of the forms {wanted}: nothing can "
            "be said there. Let it accept one of their SOP Classes, then `rheumascore requeue --dead`."
        )
    with ledger.read() as session:
        known = form_for(session, peer)
    if not known.seen or known.form != accepted[0]:
        with ledger.write() as session:
            choice = remember(session, peer, accepted)
            record(
                session, leased.study_instance_uid, leased.owner, "form_noticed",
                f"{peer.name} gets {choice.form}: {choice.reason}.", destination=peer.name, form=choice.form,
            )  # fmt: skip
    if any(item.form and item.form not in accepted for item in waiting):
        return accepted[0]
    return None


def replace_form(
    ledger: Ledger, leased: LeasedJob, peer: Peer, waiting: Sequence[WaitingObject], form: DocumentForm
) -> str:
    """End a delivery whose report must be written in another form. Returns the job that writes it.

    Pictures that wait go with that report; what was sent is not sent again.
    """
    with ledger.write() as session:
        note_answer(session, peer.name, leased.owner)
        mark_untried(session, waiting)
        end_unsent(session, [item for item in waiting if item.form], "replaced")
        finish(session, leased, "replaced")
        record(
            session, leased.study_instance_uid, leased.owner, "needs_form",
            f"{peer.name} does not take {leased.subject['form']}: the report is written again as {form}.",
            destination=peer.name, form=form, job=leased.id,
        )  # fmt: skip
        return ask_for_form(session, leased, form)
