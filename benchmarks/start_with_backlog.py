"""How soon a node listens and works again after it was killed, with a large store and many jobs that wait.

    python -m benchmarks.start_with_backlog [--instances 100000] [--jobs 10000] [--folder DIR]

Makes a ledger of so many instances, two to a study, each with its file in the store (hard links of a phantom's), its
jobs and its entries in the audit trail; and scoring jobs of further studies that wait. Starts ``rheumascore run``,
kills every process of it with SIGKILL when work is under way, starts it again, and measures from that moment.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any, Final

import psutil
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.delivery.store_scu import echo
from dicom_node.demo_site import SENDER_TITLE, free_ports
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow, JobRow, LedgerTable, StudyRow
from dicom_node.ledger.timeline import record
from dicom_node.peers import Peer
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.routing import route_study
from dicom_node.settings import LimitsSection
from scoring.catalogue import list_systems
from scoring.phantoms.write_phantoms import write_hand_pair
from scoring.study import Study

_LINKS: Final = 30_000
"""Hard links to one file; ext4 allows 65,000."""
_ROWS: Final = 10_000
_ENDED: Final = ("score", "report", "deliver", "commit")
_ENTRIES: Final = ("receiving", "complete", "score_started", "scored", "deliver_started", "delivered", "committed")


def main() -> None:
    """Make the ledger, start, kill, start again, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="make everything here; it must be empty")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        began = monotonic()
        backlog = Backlog(folder)
        backlog.add_history(asked.instances)
        backlog.add_waiting(asked.jobs)
        size = (folder / "data" / "ledger.sqlite3").stat().st_size >> 20
        print(
            f"{asked.instances} instances, {asked.jobs} waiting jobs, ledger of {size} MB: {monotonic() - began:.0f} s"
        )
        for words in ("started, for the first time", "started again after kill -9 of every process"):
            measure(backlog, words)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")


class Backlog:
    """One node's folder, and what is in its ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder, (self.port, self.web_port) = folder, free_ports(2)
        self.store, self.ledger = ContentStore(folder / "data"), Ledger(f"sqlite:///{folder / 'data/ledger.sqlite3'}")
        self.ledger.upgrade()
        self.file, self.subject = self._one_study()

    def _one_study(self) -> tuple[Path, dict[str, Any]]:
        """A file as it is kept, and the subject of the job that scores its study."""
        inbox = Inbox(self.store, self.ledger, LimitsSection())
        pair = write_hand_pair(self.folder / "phantoms", 1)
        receipts = [inbox.receive_file(path, SENDER_TITLE) for path in pair.files]
        assembly = StudyAssembly(self.ledger, self.store, quiet_seconds=1, max_wait_seconds=1, route=_route)
        assert assembly.close(pair.study_instance_uid)
        with self.ledger.read() as session:
            subject = session.scalars(select(JobRow.subject).where(JobRow.kind == "score")).one()
        return self.store.instance_path(receipts[0].instance.content_sha256), subject

    def add_history(self, instances: int) -> None:
        """Studies of two instances that were scored, delivered and committed."""
        studies = [f"1.2.826.0.1.1.{n}" for n in range(instances // 2)]
        self._add(StudyRow, [self._study(uid, "delivered") for uid in studies])
        self._add(JobRow, [self._job(uid, kind, "done") for uid in studies for kind in _ENDED])
        digests = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(instances)]
        self._add(InstanceRow, [self._instance(studies[n // 2], n, digest) for n, digest in enumerate(digests)])
        for n, digest in enumerate(digests):
            if n % _LINKS == 0:
                source = self.folder / f"linked-{n}.dcm"
                source.write_bytes(self.file.read_bytes())
            os.link(source, self.store.instance_path(digest))
        with self.ledger.write() as session:
            for uid in studies:
                for event in _ENTRIES:
                    record(session, uid, "benchmark", event, "As long as such a sentence is")

    def add_waiting(self, jobs: int) -> None:
        """Studies whose scoring job waits; each would be scored."""
        studies = [f"1.2.826.0.1.2.{n}" for n in range(jobs)]
        self._add(StudyRow, [self._study(uid, "scoring") for uid in studies])
        self._add(JobRow, [self._job(uid, "score", "waiting") | {"subject": self.subject} for uid in studies])

    def _add(self, table: type[LedgerTable], rows: Sequence[dict[str, Any]]) -> None:
        for at in range(0, len(rows), _ROWS):
            with self.ledger.write() as session:
                session.execute(insert(table), rows[at : at + _ROWS])

    def _study(self, uid: str, state: str) -> dict[str, Any]:
        now = time()
        times = {"first_received_at": now, "last_received_at": now, "completed_at": now, "updated_at": now}
        return {"study_instance_uid": uid, "state": state, **times}

    def _job(self, uid: str, kind: str, state: str) -> dict[str, Any]:
        key, now = f"{kind}:{uid}", time()
        named = {"id": hashlib.sha256(key.encode()).hexdigest()[:36], "kind": kind, "key": key, "subject": {}}
        return {**named, "study_instance_uid": uid, "state": state, "created_at": now, "updated_at": now}

    def _instance(self, study: str, number: int, digest: str) -> dict[str, Any]:
        return {
            "sop_instance_uid": f"{study}.1.{number}", "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
            "study_instance_uid": study, "series_instance_uid": f"{study}.1", "content_sha256": digest,
            "transfer_syntax_uid": "1.2.840.10008.1.2.1", "bytes": self.file.stat().st_size,
            "calling_ae_title": SENDER_TITLE, "received_at": time(),
        }  # fmt: skip

    def jobs(self, *conditions: Any) -> int:
        """How many jobs are so."""
        with self.ledger.read() as session:
            return session.scalar(select(func.count()).select_from(JobRow).where(*conditions)) or 0

    def write_settings(self) -> Path:
        """A node that one sender may send to, and that tells nobody."""
        path = self.folder / "node.toml"
        peer = f'name = "sender"\nae_title = "{SENDER_TITLE}"\nhost = "127.0.0.1"\nport = 104\nmay_send = true\n'
        path.write_text(f"[node]\nport = {self.port}\n[web]\nport = {self.web_port}\n[[peers]]\n{peer}")
        return path


def measure(backlog: Backlog, words: str) -> None:
    """From the start of the command until it listens, hints and works; then every process is killed."""
    peer = Peer("node", "RHEUMASCORE", "127.0.0.1", backlog.port)
    done, before = backlog.jobs(JobRow.kind == "report"), time()
    command = [sys.executable, "-m", "scoring.cli", "run", "--config", str(backlog.write_settings())]
    with (backlog.folder / "log").open("ab") as log:
        began = monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        listens = _seconds(began, lambda: echo(peer, SENDER_TITLE).alive)
        hints = _seconds(began, lambda: backlog.jobs(JobRow.hinted_at > before))
        works = _seconds(began, lambda: backlog.jobs(JobRow.state == "leased", JobRow.updated_at > before))
        first = _seconds(began, lambda: backlog.jobs(JobRow.kind == "report") > done)
    finally:
        parts = psutil.Process(process.pid).children(recursive=True)
        for part in (process, *parts):
            part.kill()
        process.wait()
        psutil.wait_procs(parts, timeout=30)
    print(f"{words}: listens {listens:.1f} s, hints {hints:.1f} s, has a job {works:.1f} s, has scored {first:.1f} s")


def _route(session: Session, study: Study, _: int) -> None:
    route_study(session, study, list_systems())


def _seconds(began: float, happened: Callable[[], object]) -> float:
    while not happened():
        if monotonic() - began > 120:
            raise TimeoutError("it did not happen within two minutes; see the log")
        sleep(0.05)
    return monotonic() - began


if __name__ == "__main__":
    main()
