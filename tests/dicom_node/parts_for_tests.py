"""Parts that a supervisor can be tried with: started as ``parts_for_tests.py WORD … --config FILE``.

``stays``: runs until SIGTERM. ``listen``: the same, with a line in ``SIGHUP.pids`` for each SIGHUP. ``stubborn``:
ignores SIGTERM. ``dies``: ends with status 3. ``cannot``: status 1.
``leases``: takes the one job of the ledger and holds it. Each writes its process id to ``WORD.pids``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def main(word: str, config: Path) -> int:
    """Do what the word says."""
    if word == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if word == "listen":
        signal.signal(signal.SIGHUP, lambda *_: note_pid(config, "SIGHUP"))
    note_pid(config, word)
    sys.stdout.write(f"this is {word}\n")
    sys.stdout.flush()
    if word in ("dies", "cannot"):
        return {"dies": 3, "cannot": 1}[word]
    if word == "leases":
        take_the_job(config)
    end = time.monotonic() + 600
    while time.monotonic() < end:
        time.sleep(1)
    return 0


def note_pid(config: Path, word: str) -> None:
    """One more line."""
    with (config.parent / f"{word}.pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")


def take_the_job(config: Path) -> None:
    """Lease the one job of the ledger."""
    from sqlalchemy import select  # here, so that the other words start at once

    from dicom_node.ledger.jobs import take_lease
    from dicom_node.ledger.lease_owner import lease_owner
    from dicom_node.ledger.ledger import Ledger
    from dicom_node.ledger.tables import JobRow
    from dicom_node.settings import read_settings

    ledger = Ledger(read_settings(config).database_url)
    with ledger.read() as session:
        job_id = session.scalars(select(JobRow.id)).one()
    take_lease(ledger, job_id, lease_owner())
    ledger.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[sys.argv.index("--config") + 1])))
