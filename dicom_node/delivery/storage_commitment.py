"""Storage commitment of one result at one destination (PS3.4 Annex J): asked until it is given for every object.

The report comes on the association on which it was asked, or on a new one to the listener; either way it is a row in
the ledger, and this job goes on from there. Nothing waits for it: delivered is delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import monotonic, sleep, time
from typing import Final

from pydicom.dataset import Dataset

from dicom_node.crash_points import crash_at
from dicom_node.delivery.commitment_report import ReportAnswer, take_report
from dicom_node.delivery.commitment_scu import CommitmentAssociation, open_commitment
from dicom_node.delivery.destination import NotOfferedError
from dicom_node.errors import DestinationBusyError, DestinationRefusesError, NotCommittedError
from dicom_node.ledger.commitments import ASK_AGAIN, is_answered, is_decided, open_request, uncommitted
from dicom_node.ledger.destinations import note_answer
from dicom_node.ledger.jobs import JobEnd, LeasedJob, confirm_lease, finish, wait_again
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.results import is_current
from dicom_node.ledger.sightings import add_find_job
from dicom_node.ledger.study_progress import settle_study
from dicom_node.ledger.tables import DeliveryRow, JobRow
from dicom_node.ledger.timeline import record
from dicom_node.ledger.waits import Waits
from dicom_node.peers import Peer
from dicom_node.settings import NodeSettings

MOST_RESENDS: Final = 3
"""What is not committed is sent again so often; then a person looks."""
_SAME_ASSOCIATION_SECONDS: Final = 2.0
"""A peer that answers on the same association does so at once; a thread waits no longer for it."""
_LOOK_SECONDS: Final = 0.1


def request_commitment(settings: NodeSettings, ledger: Ledger, leased: LeasedJob) -> None:
    """Ask the destination to commit what it has stored of a result, or end the job when there is nothing to ask.

    An object that the destination does not have goes back to its delivery, MOST_RESENDS times. Raises
    NotCommittedError after that, DestinationAwayError or DestinationBusyError when it must be asked later.
    """
    peer = settings.peer(str(leased.subject["destination"]))
    objects = _still_to_ask(ledger, leased, peer)
    if not objects:
        return
    on_report = partial(_take, ledger, peer, leased.owner)
    try:
        with open_commitment(peer, settings.node.ae_title, on_report, settings.delivery.answer_seconds) as way:
            with ledger.write() as session:
                transaction_uid = open_request(session, leased, [instance for _, instance in objects])
            way.ask(transaction_uid, objects)
            crash_at("commitment_asked")
            _await_report(ledger, way, transaction_uid)
    except NotOfferedError:
        _end(ledger, leased, peer, "skipped", f"{peer.name} does not offer storage commitment.")
    except DestinationRefusesError as error:  # it took the objects: that it lets nobody in will pass
        raise DestinationBusyError(str(error)) from error
    else:
        _wait_for_answer(ledger, leased, transaction_uid, len(objects), settings.delivery.commitment_waits)


def _still_to_ask(ledger: Ledger, leased: LeasedJob, peer: Peer) -> tuple[tuple[str, str], ...]:
    """(SOP Class UID, SOP Instance UID) of what must be asked for; empty: the job has ended."""
    if not is_current(ledger, str(leased.subject["result"])):
        _end(ledger, leased, peer, "superseded", "Not asked for: a later result stands.")
        return ()
    with ledger.read() as session:
        pending = uncommitted(session, leased.subject)
    if not pending:
        _end(ledger, leased, peer, "done", f"{peer.name} has committed every object.")
        return ()
    if not peer.storage_commitment:
        _end(ledger, leased, peer, "skipped", f"Storage commitment is switched off for {peer.name}.")
        return ()
    lost = [row for row, _ in pending if row.commit_failure is not None and row.commit_failure not in ASK_AGAIN]
    if lost:
        _send_again(ledger, leased, peer, [row.id for row in lost])
        return ()
    return tuple((written.sop_class_uid, written.sop_instance_uid) for _, written in pending)


def _send_again(ledger: Ledger, leased: LeasedJob, peer: Peer, ids: Sequence[int]) -> None:
    """Back to the delivery, with the same bytes under the same UIDs. Raises NotCommittedError once it is too often."""
    with ledger.write() as session:
        lost = [session.get_one(DeliveryRow, number) for number in ids]
        reasons = ", ".join(sorted({f"0x{row.commit_failure or 0:04X}" for row in lost}))
        too_often = any(row.commit_resends >= MOST_RESENDS for row in lost)
        for row in lost:
            row.commit_resends = 0 if too_often else row.commit_resends + 1
        if not too_often:
            delivery = session.get_one(JobRow, str(leased.subject["delivery"]))
            for row in lost:
                row.job_id, row.state, row.commit_failure, row.updated_at = delivery.id, "waiting", None, time()
                row.seen_at = None
            wait_again(delivery)
            finish(session, leased)
            record(
                session, leased.study_instance_uid, leased.owner, "not_committed",
                f"{peer.name} does not commit {len(lost)} objects ({reasons}); they are sent again.",
                destination=peer.name, job=leased.id,
            )  # fmt: skip
            settle_study(session, leased.study_instance_uid, leased.owner)
    if too_often:
        raise NotCommittedError(
            f"{peer.name} stores {len(ids)} objects and then does not commit them ({reasons}), {MOST_RESENDS + 1} "
            "times in a row. Look there whether they are kept, then `rheumascore requeue --dead`."
        )


def _take(ledger: Ledger, peer: Peer, actor: str, event_type: int, information: Dataset) -> ReportAnswer:
    """A report on the association on which it was asked: it speaks for this peer and no other."""
    return take_report(ledger, event_type, information, lambda destination: destination == peer.name, actor)


def _await_report(ledger: Ledger, way: CommitmentAssociation, transaction_uid: str) -> None:
    """Keep the association open for a moment, or until the report has come, on whichever association."""
    until = monotonic() + _SAME_ASSOCIATION_SECONDS
    while way.usable and monotonic() < until:
        with ledger.read() as session:
            if is_answered(session, transaction_uid):
                return
        sleep(_LOOK_SECONDS)


def _wait_for_answer(ledger: Ledger, leased: LeasedJob, transaction_uid: str, objects: int, waits: Waits) -> None:
    """The job waits: until the report makes it due, or until its patience ends and it asks anew."""
    with ledger.write() as session:
        note_answer(session, str(leased.subject["destination"]), leased.owner)
        job = confirm_lease(session, leased)
        job.attempts = 0
        job.postponed += 1
        job.error_code = job.error_text = None
        decided = is_decided(session, leased.subject)
        wait_again(job, run_after=0.0 if decided else time() + waits.after(job.postponed))
        record(
            session, leased.study_instance_uid, leased.owner, "commitment_asked",
            f"{leased.subject['destination']} was asked to commit {objects} objects.",
            destination=leased.subject["destination"], job=leased.id, transaction_uid=transaction_uid,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)


def _end(ledger: Ledger, leased: LeasedJob, peer: Peer, end: JobEnd, text: str) -> None:
    with ledger.write() as session:
        if end != "superseded":
            add_find_job(session, leased, always=peer.confirm_by_find)
        finish(session, leased, end)
        event = {"done": "committed", "skipped": "commitment_skipped", "superseded": "commitment_superseded"}[end]
        record(
            session, leased.study_instance_uid, leased.owner, event, text,
            destination=leased.subject["destination"], job=leased.id,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)
