"""A worker of ours in a process of its own, whose work is to write down that it was done.

    python -m tests.dicom_node.queue.worker_program DATA_DIR QUEUES URL DATABASE LONGEST

URL and DATABASE may be empty; LONGEST: a job that takes longer (s) hangs. A job's subject may say ``{"seconds": 5}``;
the journal then shows when it began and when it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from dicom_node.ledger.jobs import LEASE_SECONDS, LeasedJob, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.queue.celery_app import TASK_OF, celery_app, start_worker
from dicom_node.queue.leased_work import LONGEST_SECONDS, do_leased
from dicom_node.secret import Secret
from dicom_node.settings import DatabaseSection, NodeSection, NodeSettings, QueueSection

_HERE = Path(__file__).parents[3]


def settings_for(data_dir: Path, url: str = "", database: str = "") -> NodeSettings:
    """A node of which only the folder, the queue and the database are set."""
    return NodeSettings(
        node=NodeSection(data_dir=data_dir),
        queue=QueueSection(url=Secret(url)),
        database=DatabaseSection(url=Secret(database)),
    )


class RunningWorker:
    """Starts the program; ``kill`` and ``stop`` end it."""

    def __init__(
        self,
        data_dir: Path,
        queues: str = "scoring",
        url: str = "",
        database: str = "",
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        program = [sys.executable, "-m", "tests.dicom_node.queue.worker_program"]
        command = [*program, str(data_dir), queues, url, database, str(longest_seconds)]
        self._log = (data_dir / f"worker-{time.monotonic_ns()}.log").open("wb")
        self.process = subprocess.Popen(command, cwd=_HERE, stdout=self._log, stderr=self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(60)


def journal(data_dir: Path, word: str) -> list[str]:
    """The jobs that were ``began`` or ``ended``, in order."""
    path = data_dir / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[1] for line in lines if line.split()[0] == word]


def main(data_dir: Path, queues: tuple[str, ...], url: str, database: str, longest: str) -> int:
    """Work until SIGTERM."""
    settings = settings_for(data_dir, url, database)
    ledger = Ledger(settings.database_url)
    ledger.upgrade()
    app = celery_app(settings)
    lines = os.open(data_dir / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def work(leased: LeasedJob) -> None:
        os.write(lines, f"began {leased.key}\n".encode())
        time.sleep(float(leased.subject.get("seconds", 0)))
        with ledger.write() as session:
            finish(session, leased)
        os.write(lines, f"ended {leased.key}\n".encode())

    def run(job_id: str) -> None:
        seconds = float(longest)
        lease = min(LEASE_SECONDS, seconds)
        do_leased(ledger, job_id, work, attempts_allowed=3, lease_seconds=lease, longest_seconds=seconds)

    for name in TASK_OF.values():
        app.task(name=name)(run)
    return start_worker(app, queues, lambda: os.close(os.open(data_dir / "warm", os.O_CREAT)))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), tuple(sys.argv[2].split(",")), *sys.argv[3:]))
