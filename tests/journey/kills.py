"""The kill matrix: who dies where, what is asked of the moment after, and how the study then comes to rest.

Each function kills once, or more often, while one study goes through a running node, and returns when that study is at
rest. ``kept_promises`` then says whether anything was lost or doubled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import func, select

from dicom_node.crash_points import CrashPoint
from dicom_node.ledger.job_failures import release_leases_of
from dicom_node.ledger.lease_owner import process_prefix
from dicom_node.ledger.tables import InstanceRow, TimelineRow
from tests.foreign_programs.dcmtk import storescu
from tests.foreign_programs.programs import log_tail, stop, wait_until
from tests.journey.killed_node import DELIVERY, LISTEN, PATIENCE_SECONDS, SCORING, KilledNode
from tests.journey.sent_study import SentStudy


@dataclass(frozen=True)
class Kill:
    """One row of the matrix."""

    number: str
    name: str
    happens: Callable[[KilledNode, SentStudy], None]


def _while_it_is_sent(point: CrashPoint, node: KilledNode, study: SentStudy) -> None:
    """The listener dies before the ledger knows: no trace; the sender had no answer and sends again."""
    with node.dies_at(point, LISTEN):
        assert storescu(node.port, *study.files).returncode != 0
    assert not list((node.data_dir / "incoming").iterdir())
    assert _instances(node, study) == 0
    _sent(node, study)


def _before_the_answer(node: KilledNode, study: SentStudy) -> None:
    """The instance is kept, its sender does not know: it is not news when it comes again."""
    with node.dies_at("instance_kept_not_answered", LISTEN):
        assert storescu(node.port, *study.files).returncode != 0
    assert _instances(node, study) == 1
    _sent(node, study)


def _by_itself(point: CrashPoint, part: str, node: KilledNode, study: SentStudy) -> None:
    """The part dies after the sender had its answer: nobody but the node does anything about it."""
    with node.dies_at(point, part):
        _send(node, study)
    node.rest(study.uid)


def _act_and_entry(node: KilledNode, study: SentStudy) -> None:
    with node.dies_at("act_and_entry_not_committed", LISTEN):
        assert storescu(node.port, *study.files).returncode != 0
    assert _instances(node, study) == 0
    assert _entries(node, study) == 0, "neither the act nor its entry stands"
    _sent(node, study)


def _twice_hinted(node: KilledNode, study: SentStudy) -> None:
    _by_itself("hint_given_not_noted", LISTEN, node, study)
    assert _entries(node, study, "score_started") == 1, "hinted twice, done once"


def _in_the_store(point: CrashPoint, held_at: CrashPoint, part: str, node: KilledNode, study: SentStudy) -> None:
    """A worker dies in the middle of a content: scoring with the arrays of its pictures, writing with its objects."""
    node.spare(part)
    node.arm(held_at, "SIGSTOP")
    _send(node, study)
    held = node.held(held_at)
    with node.dies_at(point, part):
        held.resume()
    node.rest(study.uid)


def _decoding_child(node: KilledNode, study: SentStudy) -> None:
    """C9: not the worker dies but the child in which it decodes: another one is asked."""
    node.arm("lease_taken", "SIGSTOP")
    _send(node, study)
    worker = node.held("lease_taken")
    decoders = worker.children()
    assert decoders
    for decoder in decoders:
        decoder.kill()
    worker.resume()
    node.rest(study.uid)
    assert node.pid_of(SCORING) == worker.pid, "the worker itself lives"


def _two_workers(node: KilledNode, study: SentStudy) -> None:
    """C12: a worker that was taken for dead comes back when another has done its job: its result is refused."""
    node.arm("study_scored_not_kept", "SIGSTOP")
    _send(node, study)
    first = node.held("study_scored_not_kept")
    with node.ledger.write() as session:
        assert release_leases_of(session, process_prefix(first.pid), "supervisor", attempts_allowed=3) == 1
    log = node.folder / "second_worker.log"
    command = [sys.executable, "-m", "scoring.cli", "worker", "--queue", "scoring", "--config", str(node.config)]
    with log.open("wb") as output:
        second = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | node.environment)
    try:
        node.rest(study.uid)
    finally:
        assert stop(second) == 0, log_tail(log)
    known = _entries(node, study)
    first.resume()
    refused = "has ended and somebody else may do it: nothing is written"
    log = node.data_dir / "logs" / "scoring.log"
    wait_until("the first worker is refused", lambda: refused in log.read_text(errors="replace"), PATIENCE_SECONDS)
    assert _entries(node, study) == known


def _lost_lease(node: KilledNode, study: SentStudy) -> None:
    """Everything dies while a job is in hand; the reaper that finds its lease after the start dies as well."""
    node.arm("study_scored_not_kept", "SIGSTOP")
    _send(node, study)
    node.held("study_scored_not_kept")
    node.kill_all()
    node.arm("lost_lease_found")
    node.start()
    node.passed("lost_lease_found")
    node.rest(study.uid)


def _supervisor(node: KilledNode, study: SentStudy) -> None:
    """A worker dies, and the supervisor as it notices: the other parts end by themselves."""
    node.arm("death_seen")
    node.arm("lease_taken")
    _send(node, study)
    worker = node.passed("lease_taken")
    assert node.passed("death_seen") != worker
    node.wait_until_gone()
    node.start()
    node.rest(study.uid)


def _everything(point: CrashPoint, node: KilledNode, study: SentStudy) -> None:
    """Everything dies at once, as when the power goes."""
    node.arm(point, "SIGSTOP")
    _send(node, study)
    node.held(point)
    node.kill_all()
    node.start()
    node.rest(study.uid)


def _sent(node: KilledNode, study: SentStudy) -> None:
    _send(node, study)
    node.rest(study.uid)


def _send(node: KilledNode, study: SentStudy) -> None:
    done = storescu(node.port, *study.files)
    assert done.returncode == 0, done.stderr


def _instances(node: KilledNode, study: SentStudy) -> int:
    with node.ledger.read() as session:
        query = select(func.count()).where(InstanceRow.study_instance_uid == study.uid)
        return session.scalar(query) or 0


def _entries(node: KilledNode, study: SentStudy, event: str = "") -> int:
    query = select(func.count()).where(TimelineRow.study_instance_uid == study.uid)
    if event:
        query = query.where(TimelineRow.event == event)
    with node.ledger.read() as session:
        return session.scalar(query) or 0


UNDISTURBED: Final = Kill("", "nobody dies", _sent)
KILLS: Final = (
    Kill("C2", "array_written_not_synced", partial(_in_the_store, "file_written_not_synced", "lease_taken", SCORING)),
    Kill("C1", "data_set_half_received", partial(_while_it_is_sent, "data_set_half_received")),
    Kill("C8", "lease_taken", partial(_by_itself, "lease_taken", SCORING)),
    Kill("C13", "object_sent_not_answered", partial(_by_itself, "object_sent_not_answered", DELIVERY)),
    Kill("C2", "file_written_not_synced", partial(_while_it_is_sent, "file_written_not_synced")),
    Kill("C9", "decoding_child", _decoding_child),
    Kill("C14", "object_answered_not_noted", partial(_by_itself, "object_answered_not_noted", DELIVERY)),
    Kill("C3", "file_synced_not_renamed", partial(_while_it_is_sent, "file_synced_not_renamed")),
    Kill("C10", "study_scored_not_kept", partial(_by_itself, "study_scored_not_kept", SCORING)),
    Kill("C14", "all_answered_not_finished", partial(_by_itself, "all_answered_not_finished", DELIVERY)),
    Kill("C15", "report_lost", partial(_by_itself, "commitment_reported_not_noted", LISTEN)),
    Kill("reaper", "lost_lease_found", _lost_lease),
    Kill("C4", "instance_named_without_row", partial(_while_it_is_sent, "instance_named_without_row")),
    Kill("C11", "result_kept_not_hinted", partial(_by_itself, "result_kept_not_hinted", SCORING)),
    Kill("C11", "objects_written_not_kept", partial(_by_itself, "objects_written_not_kept", DELIVERY)),
    Kill("C5", "instance_kept_not_answered", _before_the_answer),
    Kill("C11", "outbox_filled_not_hinted", partial(_by_itself, "outbox_filled_not_hinted", DELIVERY)),
    Kill("C6", "study_closed_not_hinted", partial(_by_itself, "study_closed_not_hinted", LISTEN)),
    Kill("C12", "two_workers", _two_workers),
    Kill("C7", "hint_given_not_noted", _twice_hinted),
    Kill("supervisor", "death_seen", _supervisor),
    Kill("C16", "act_and_entry_not_committed", _act_and_entry),
    Kill(
        "C3",
        "object_synced_not_renamed",
        partial(_in_the_store, "file_synced_not_renamed", "study_scored_not_kept", DELIVERY),
    ),
    Kill("C15", "commitment_asked", partial(_by_itself, "commitment_asked", DELIVERY)),
    Kill("all", "everything_at_once", partial(_everything, "object_answered_not_noted")),
)
"""In an order in which no part dies too often in a minute. The first must find a film of which nothing is stored."""
