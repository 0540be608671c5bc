"""Places where a process kills itself when a test asks for it: ``tests/journey/test_killed_half_way.py``.

For tests only, and only by the environment; nothing in ``node.toml`` reaches this file. RHEUMASCORE_CRASH_POINTS names
a folder. A file in it that is called as a point arms that point: the first process that passes there takes the file
(it is renamed to ``point.PID``, so that it fires once, over restarts too) and sends itself SIGKILL, or the signal that
the file names: SIGSTOP holds the process there. No handler runs, nothing is flushed, as if the power of that process
were cut. Without the variable a passing costs one comparison.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final, Literal

VARIABLE: Final = "RHEUMASCORE_CRASH_POINTS"
ARMED_IN: Final = os.environ.get(VARIABLE)
"""The folder of the points that are armed; None, as everywhere but in tests: nothing is."""

CrashPoint = Literal[
    "data_set_half_received",
    "file_written_not_synced",
    "file_synced_not_renamed",
    "instance_named_without_row",
    "instance_kept_not_answered",
    "study_closed_not_hinted",
    "hint_given_not_noted",
    "lease_taken",
    "study_scored_not_kept",
    "result_kept_not_hinted",
    "objects_written_not_kept",
    "outbox_filled_not_hinted",
    "object_sent_not_answered",
    "object_answered_not_noted",
    "all_answered_not_finished",
    "commitment_asked",
    "commitment_reported_not_noted",
    "act_and_entry_not_committed",
    "lost_lease_found",
    "death_seen",
]

MEANING: Final[dict[CrashPoint, str]] = {
    "data_set_half_received": "C1, listener: some of the data set lies in its temporary file, more is to come",
    "file_written_not_synced": "C2, store: every byte was written to the temporary file, none is forced to disk",
    "file_synced_not_renamed": "C3, store: the temporary file is on disk and has no name yet",
    "instance_named_without_row": "C4, inbox: the whole file has its name, the ledger does not know of it",
    "instance_kept_not_answered": "C5, inbox: file and ledger row are on disk, the sender was told nothing",
    "study_closed_not_hinted": "C6, assembly: the study is closed and its jobs are in the ledger, nobody was told",
    "hint_given_not_noted": "C7, relay: the queue has the hint, the ledger does not say so: it is given again",
    "lease_taken": "C8, worker: the lease is taken, nothing was done",
    "study_scored_not_kept": "C10, scoring: the result is in memory, its arrays in the store, the ledger has nothing",
    "result_kept_not_hinted": "C11, scoring: result and report jobs are in the ledger, nobody was told",
    "objects_written_not_kept": "C11, writing: the objects are in the store, the outbox is empty",
    "outbox_filled_not_hinted": "C11, writing: the outbox is filled, nobody was told",
    "object_sent_not_answered": "C13, delivery: an object was given to the network, its answer not read",
    "object_answered_not_noted": "C14, delivery: the destination said Success, the ledger does not know",
    "all_answered_not_finished": "C14, delivery: every answer is noted, the job is not ended",
    "commitment_asked": "C15, commitment: the destination was asked, nobody waits for the answer here any more",
    "commitment_reported_not_noted": "C15, commitment: the report came and is lost: it is never sent again",
    "act_and_entry_not_committed": "C16, ledger: an act and its entry in the audit trail are written, not committed",
    "lost_lease_found": "reaper: a lease that nobody keeps was found, not ended",
    "death_seen": "supervisor: a part was seen dead, its leases are not released and it is not started again",
}
"""What is done and what is not when a process dies there; C1 to C16 are the rows of docs/reliability.md."""


def crash_at(point: CrashPoint) -> None:
    """Die here when a test armed this point."""
    if ARMED_IN is not None:
        _crash(Path(ARMED_IN), point)


def _crash(folder: Path, point: CrashPoint) -> None:
    armed, taken = folder / point, folder / f"{point}.{os.getpid()}"
    try:
        how = armed.read_text(encoding="ascii").strip()
        armed.rename(taken)
    except FileNotFoundError:  # not armed, or another process was first
        return
    os.kill(os.getpid(), signal.Signals[how or "SIGKILL"])
