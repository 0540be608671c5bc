"""A whole node whose processes die where a test says, and are started again by their supervisor, or by the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Self

import psutil
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.crash_points import VARIABLE, CrashPoint
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DeliveryRow, JobRow, ResultRow, StudyRow
from dicom_node.settings import read_settings
from tests.foreign_programs.programs import answers_on, log_tail, wait_until
from tests.journey.running_node import RunningNode

LISTEN, SCORING, DELIVERY = "listen", "worker --queue scoring", "worker --queue delivery"
_DEATHS = 3
"""A part that dies five times in a minute ends the group; so many kills of one are asked of it, and no more."""
_WITHIN_SECONDS = 60.0
PATIENCE_SECONDS = 240.0
"""For anything to happen: a worker that is started again on a busy machine loads torch for a minute."""


class KilledNode(RunningNode):
    """``rheumascore run`` with its crash points within reach: a file in ``points`` arms one."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, quiet_seconds=0.5)
        self.points = folder / "points"
        self.points.mkdir(parents=True)
        self.environment = {VARIABLE: str(self.points), **(environment or {})}
        self.more_peers = "[delivery]\ncommitment_first_seconds = 3"  # a report that is lost is soon asked for anew
        self._deaths: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        super().__enter__()
        settings = read_settings(self.config)
        self.ledger = Ledger(settings.database_url)
        self.data_dir = settings.node.data_dir
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_all()
        self.ledger.close()
        self.orthanc.kill()

    def pid_of(self, part: str) -> int:
        """The process that is this part now."""
        return next((child.pid for child in self._supervisor().children() if part in _words(child)), 0)

    def arm(self, point: CrashPoint, how: str = "") -> None:
        """The next process that passes there dies, or gets the signal ``how``: SIGSTOP holds all its threads."""
        (self.points / point).write_text(how)

    def passed(self, point: CrashPoint) -> int:
        """Wait until a process passed the armed point; which one."""
        [path] = wait_until(
            f"a process passes {point}", lambda: list(self.points.glob(f"{point}.[0-9]*")), PATIENCE_SECONDS
        )
        path.unlink()
        return int(path.suffix[1:])

    def held(self, point: CrashPoint) -> psutil.Process:
        """Wait until a process stands still at the point armed with SIGSTOP; ``resume`` lets it go on."""
        process = psutil.Process(self.passed(point))
        wait_until("it stands still", lambda: process.status() == psutil.STATUS_STOPPED)
        return process

    @contextmanager
    def dies_at(self, point: CrashPoint, part: str) -> Iterator[None]:
        """Arm a point; at the end of the block this part has died there by SIGKILL, and runs again."""
        self.spare(part)
        before = self.pid_of(part)
        self.arm(point)
        yield
        assert self.passed(point) == before, f"another process than {part!r} passed {point}"
        self._deaths.append((monotonic(), part))
        wait_until(f"{part} runs again", lambda: self.pid_of(part) not in (0, before), PATIENCE_SECONDS)
        assert f"{part} ended with status -9" in self.log.read_text(errors="replace")
        if part == LISTEN:
            wait_until("the node listens again", lambda: answers_on(self.port), PATIENCE_SECONDS)

    def spare(self, part: str) -> None:
        """Start the group anew when one more death of this part would end it."""
        lately = [at for at, name in self._deaths if name == part and monotonic() - at < _WITHIN_SECONDS]
        if len(lately) >= _DEATHS:
            self.begin_anew()

    @contextmanager
    def calm_after_a_fault(self) -> Iterator[None]:
        """A kill that did not come to its end leaves points armed and processes held: not for the next one."""
        try:
            yield
        except BaseException:
            self.begin_anew()
            raise

    def begin_anew(self) -> None:
        """Kill everything, disarm every point, start."""
        self.kill_all()
        for path in self.points.iterdir():
            path.unlink()
        self.start()

    def kill_all(self) -> None:
        """SIGKILL to the supervisor and to everything below it."""
        assert self.process is not None
        if self.process.poll() is None:
            supervisor = self._supervisor()
            everybody = [supervisor, *supervisor.children(recursive=True)]
            for process in everybody:
                process.suspend()  # or the ones still alive would see the others die and say goodbye
            for process in everybody:
                process.kill()
            self.process.wait()
            psutil.wait_procs(everybody, PATIENCE_SECONDS)
        for orphan in self._survivors():  # of a supervisor that died: held ones cannot end by themselves
            orphan.kill()
        self._deaths.clear()

    def wait_until_gone(self) -> None:
        """The supervisor died; its parts end by themselves."""
        assert self.process is not None
        self.process.wait(PATIENCE_SECONDS)
        wait_until("every part has ended", lambda: not self._survivors(), PATIENCE_SECONDS)
        self._deaths.clear()

    def rest(self, study_instance_uid: str) -> None:
        """Wait until nothing is left to do for a study: it has its result, and its objects are there and committed."""
        wait_until(
            f"study …{study_instance_uid[-8:]} comes to rest",
            lambda: self._at_rest(study_instance_uid),
            PATIENCE_SECONDS,
        )

    def _at_rest(self, uid: str) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, log_tail(self.log, 40)
        with self.ledger.read() as session:
            study = session.get(StudyRow, uid)
            return study is not None and study.state in ("delivered", "not_evaluable") and not _open(session, uid)

    def _supervisor(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def _survivors(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.config) in (p.info["cmdline"] or [])]


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _open(session: Session, uid: str) -> int:
    """Jobs that are not done, and objects that are not committed."""
    jobs = select(func.count()).where(JobRow.study_instance_uid == uid, JobRow.state.in_(("waiting", "leased")))
    objects = (
        select(func.count())
        .select_from(DeliveryRow)
        .join(JobRow, JobRow.id == DeliveryRow.job_id)
        .where(JobRow.study_instance_uid == uid, DeliveryRow.committed.is_(False))
    )
    none_yet = session.scalar(select(func.count()).where(ResultRow.study_instance_uid == uid)) == 0
    return (session.scalar(jobs) or 0) + (session.scalar(objects) or 0) + none_yet
