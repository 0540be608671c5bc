"""A lease is renewed while its work runs, and work that hangs ends its process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from dicom_node.ledger.jobs import add_job, take_lease
from dicom_node.ledger.lease_keeper import EXIT_STUCK, keep_lease
from tests.dicom_node.ledger.ledgers import STUDY, job, new_ledger
from tests.foreign_programs.programs import wait_until

_HANGS = """
import sys, time
from dicom_node.ledger.jobs import take_lease
from dicom_node.ledger.lease_keeper import keep_lease
from dicom_node.ledger.ledger import Ledger
ledger = Ledger(sys.argv[1])
with keep_lease(ledger, take_lease(ledger, sys.argv[2], "a:1:x", 0.1), longest_seconds=0.3):
    time.sleep(600)
"""


def test_the_lease_is_renewed_until_the_work_ends(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        job_id = add_job(session, "score", "k", STUDY, {}).id
    leased = take_lease(ledger, job_id, "a:1:x", 0.1)
    assert leased is not None
    first = job(ledger, job_id).lease_until
    with keep_lease(ledger, leased, longest_seconds=60):
        wait_until("two renewals", lambda: (job(ledger, job_id).lease_until or 0) > (first or 0) + 0.06)
    assert not [t for t in threading.enumerate() if t.name.startswith("lease ")]
    ledger.close()


def test_work_that_hangs_ends_its_process(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        job_id = add_job(session, "score", "k", STUDY, {}).id
    ended = subprocess.run([sys.executable, "-c", _HANGS, ledger.url, job_id], timeout=60, check=False)
    assert ended.returncode == EXIT_STUCK
    ledger.close()
