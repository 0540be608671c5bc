"""Whether a destination finds what it stored, where ``confirm_by_find`` asks for it: queried until everything is seen.

Nothing waits for it. An archive may take minutes to index what it took, so it is looked for again and again before a
person is called.
"""

from __future__ import annotations

from collections.abc import Collection
from time import time
from typing import Final

from dicom_node.delivery.destination import NotOfferedError
from dicom_node.delivery.find_scu import open_find
from dicom_node.errors import DestinationBusyError, DestinationRefusesError, NotSeenError
from dicom_node.ledger.destinations import note_answer
from dicom_node.ledger.jobs import JobEnd, LeasedJob, confirm_lease, finish, wait_again
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.results import is_current
from dicom_node.ledger.sightings import keep_seen, unseen
from dicom_node.ledger.study_progress import settle_study
from dicom_node.ledger.timeline import record
from dicom_node.ledger.waits import Waits
from dicom_node.peers import Peer
from dicom_node.settings import NodeSettings

MOST_LOOKS: Final = 10
"""Over ten minutes with the waits of ``[delivery]``; then a person looks."""


def look_there(settings: NodeSettings, ledger: Ledger, leased: LeasedJob) -> None:
    """Query the destination for what it stored of a result, or end the job when there is nothing to look for.

    Raises NotSeenError after MOST_LOOKS, DestinationAwayError or DestinationBusyError when it must be asked later.
    """
    peer = settings.peer(str(leased.subject["destination"]))
    if not is_current(ledger, str(leased.subject["result"])):
        _end(ledger, leased, "superseded", "Not looked for: a later result stands.")
        return
    with ledger.read() as session:
        wanted = {
            written.sop_instance_uid: written.series_instance_uid for _, written in unseen(session, leased.subject)
        }
    try:
        found = _found(settings, peer, leased.study_instance_uid, wanted) if wanted else set[str]()
    except NotOfferedError:
        _end(ledger, leased, "skipped", f"{peer.name} does not offer queries for instances.")
        return
    except DestinationRefusesError as error:  # it took the objects: that it lets nobody in will pass
        raise DestinationBusyError(str(error)) from error
    missing = wanted.keys() - found
    with ledger.write() as session:
        note_answer(session, peer.name, leased.owner)
        keep_seen(session, peer.name, found)
    if not missing:
        _end(ledger, leased, "done", f"{peer.name} has every object: a query found them.")
    elif leased.postponed + 1 >= MOST_LOOKS:
        raise NotSeenError(
            f"{peer.name} has stored {len(missing)} objects and does not find them, asked {MOST_LOOKS} times. Look "
            "there whether they are kept, then `rheumascore requeue --dead`."
        )
    else:
        _look_later(ledger, leased, missing, settings.delivery.waits)


def _found(settings: NodeSettings, peer: Peer, study_instance_uid: str, wanted: dict[str, str]) -> set[str]:
    """SOP Instance UIDs of the wanted (with their Series Instance UIDs) that are there."""
    found = set[str]()
    with open_find(peer, settings.node.ae_title, settings.delivery.answer_seconds) as way:
        for series in sorted(set(wanted.values())):
            found |= way.instances(study_instance_uid, series) & wanted.keys()
    return found


def _look_later(ledger: Ledger, leased: LeasedJob, missing: Collection[str], waits: Waits) -> None:
    with ledger.write() as session:
        job = confirm_lease(session, leased)
        job.attempts = 0
        job.postponed += 1
        job.error_code = job.error_text = None
        wait_again(job, run_after=time() + waits.after(job.postponed))
        record(
            session, leased.study_instance_uid, leased.owner, "not_seen_yet",
            f"{job.destination} does not find {len(missing)} objects yet.", destination=job.destination, job=job.id,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)


def _end(ledger: Ledger, leased: LeasedJob, end: JobEnd, text: str) -> None:
    with ledger.write() as session:
        finish(session, leased, end)
        event = {"done": "seen", "skipped": "look_skipped", "superseded": "look_superseded"}[end]
        record(
            session, leased.study_instance_uid, leased.owner, event, text,
            destination=leased.subject["destination"], job=leased.id,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)
