"""One result to one destination: pictures first, then the report; every status read and written down."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dicom_node.content_store import ContentStore
from dicom_node.crash_points import crash_at
from dicom_node.delivery.accepted_forms import kinds_of_rungs
from dicom_node.delivery.destination import Destination, OpenDestination
from dicom_node.delivery.other_form import other_form, replace_form
from dicom_node.delivery.outgoing_syntax import in_accepted_syntax, kinds_of
from dicom_node.delivery.store_scu import open_association
from dicom_node.delivery.waiting_objects import (
    WaitingObject,
    end_unsent,
    mark_under_way,
    mark_untried,
    read_waiting,
    write_answer,
)
from dicom_node.errors import DestinationAwayError, DestinationBusyError, DestinationRefusesError, TransientError
from dicom_node.ledger.commitments import add_commitment_job
from dicom_node.ledger.jobs import LeasedJob, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.results import is_current
from dicom_node.ledger.sightings import add_find_job
from dicom_node.ledger.study_progress import settle_study
from dicom_node.ledger.timeline import record
from dicom_node.peers import Peer
from dicom_node.settings import NodeSettings

_OPTIONAL = ("rejection_note",)
"""Left out where the destination does not take such objects: the report says the same."""


def deliver_results(settings: NodeSettings, ledger: Ledger, store: ContentStore, leased: LeasedJob) -> str | None:
    """Send what the destination has not got yet, and end the job when it has everything.

    Ends it also when a later result stands, and when the destination takes another form only: then the job that writes
    that form is returned. Raises DestinationAwayError or DestinationBusyError when it must be tried later,
    DestinationRefusesError when a person must look; objects that it takes have gone by then.
    """
    peer = settings.peer(str(leased.subject["destination"]))
    waiting = read_waiting(ledger, store, leased.id)
    if not is_current(ledger, str(leased.subject["result"])):
        _end_superseded(ledger, leased, waiting)
        return None
    if not waiting:  # a worker died between the last answer and the end of the job
        _finish(ledger, leased, peer, 0)
        return None
    seconds = settings.delivery.answer_seconds
    destination: Destination = partial(open_association, peer, settings.node.ae_title, answer_seconds=seconds)
    tried: list[WaitingObject] = []
    mark_under_way(ledger, waiting)
    try:
        with destination(kinds_of(waiting, peer) | kinds_of_rungs(peer)) as way:
            if form := other_form(ledger, leased, peer, way, waiting):
                return replace_form(ledger, leased, peer, waiting, form)
            refused = _send_all(ledger, leased, way, waiting, peer, tried)
    except TransientError:
        with ledger.write() as session:
            mark_untried(session, [item for item in waiting if item not in tried])
        raise
    except DestinationRefusesError:  # it would not even talk to us: each object says so
        with ledger.write() as session:
            mark_untried(session, waiting)
            end_unsent(session, waiting, "failed")
        raise
    if refused:
        raise DestinationRefusesError(
            f"{peer.name} refused {len(refused)} of {len(waiting)} objects: {'; '.join(dict.fromkeys(refused))}. "
            "Mend it there, then `rheumascore requeue --dead`."
        )
    crash_at("all_answered_not_finished")
    _finish(ledger, leased, peer, len(waiting))
    return None


def _send_all(
    ledger: Ledger,
    leased: LeasedJob,
    way: OpenDestination,
    waiting: Sequence[WaitingObject],
    peer: Peer,
    tried: list[WaitingObject],
) -> list[str]:
    """Send what waits, one after the other; why each was refused that was. ``tried`` grows with every object.

    Raises DestinationBusyError and DestinationAwayError: then nothing more goes on this way.
    """
    refused = []
    for item in waiting:
        outgoing = in_accepted_syntax(item, peer, way)
        tried.append(item)
        if item.role in _OPTIONAL and not way.accepts(outgoing.sop_class_uid, outgoing.transfer_syntax_uid):
            _skip(ledger, leased, item, peer)
            continue
        answer = way.send(outgoing)
        crash_at("object_answered_not_noted")
        write_answer(ledger, leased, item, answer)
        if answer.verdict == "later":
            raise DestinationBusyError(f"{peer.name} asks to come again later: {answer.text}.")
        if answer.verdict == "unknown":
            raise DestinationAwayError(f"{answer.text}; the same object is sent again.")
        if answer.verdict == "never":
            refused.append(f"{item.role}: {answer.text}")
    return refused


def _skip(ledger: Ledger, leased: LeasedJob, item: WaitingObject, peer: Peer) -> None:
    with ledger.write() as session:
        mark_untried(session, [item])
        end_unsent(session, [item], "skipped")
        record(
            session, leased.study_instance_uid, leased.owner, "skipped",
            f"{peer.name} takes no {item.role.replace('_', ' ')}; the report there says the same.",
            destination=peer.name, job=leased.id,
        )  # fmt: skip


def _end_superseded(ledger: Ledger, leased: LeasedJob, waiting: Sequence[WaitingObject]) -> None:
    with ledger.write() as session:
        end_unsent(session, waiting, "superseded")
        finish(session, leased, "superseded")
        settle_study(session, leased.study_instance_uid, leased.owner)


def _finish(ledger: Ledger, leased: LeasedJob, peer: Peer, objects: int) -> None:
    """End the job, once its association has ended: the next job's may begin."""
    with ledger.write() as session:
        finish(session, leased)
        record(
            session, leased.study_instance_uid, leased.owner, "stored_at_destination",
            f"{peer.name} has stored {objects} objects.", destination=peer.name, job=leased.id,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)
        if peer.storage_commitment:
            add_commitment_job(session, leased)
        else:
            add_find_job(session, leased, always=peer.confirm_by_find)
