"""A whole node as a hospital runs it: ``rheumascore run`` beside a real Orthanc that sends to it and archives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.settings import read_settings
from dicom_node.study_status import study_status
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import answers_on, free_port, log_tail, stop, wait_until

NODE_TITLE = "RHEUMASCORE"
FINISHED = ("delivered", "not_evaluable", "no_system", "held", "failed")


class RunningNode:
    """The node's processes and the Orthanc that it answers to, in one folder."""

    def __init__(self, folder: Path, *, accept_demonstration_weights: bool = True, quiet_seconds: float = 1.0) -> None:
        self.folder, self.port, self.web_port = folder, free_port(), free_port()
        self.orthanc = Orthanc(folder / "orthanc", modalities={"node": (NODE_TITLE, "127.0.0.1", self.port)})
        self.config = folder / "node.toml"
        self.log = folder / "node.log"
        self.accept, self.quiet_seconds = accept_demonstration_weights, quiet_seconds
        self.more_of_pacs = self.more_peers = ""
        """Further lines of node.toml: keys of the PACS, and whole entries or sections."""
        self.systems: tuple[str, ...] = ("hand_joints",)
        """Those that it uses: a second one on the same hands would only cost time."""
        self.environment: dict[str, str] = {}
        """What its processes find beside the environment of the tests."""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.orthanc.start()
        try:
            self.write_config()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.orthanc.kill()

    def write_config(self) -> None:
        """The node.toml of this node; any sender of the tests may call as SENDER."""
        self.config.write_text(
            f"""[node]
ae_title = "{NODE_TITLE}"
port = {self.port}
data_dir = "data"
quiet_seconds = {self.quiet_seconds}
[web]
port = {self.web_port}
[[peers]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
port = {self.orthanc.dicom_port}
may_send = true
receives_results = true
ae_titles = ["SENDER"]
{self.more_of_pacs}
{self.more_peers}
[scoring]
accept_demonstration_weights = {str(self.accept).lower()}
systems = {json.dumps(self.systems)}
""",
            encoding="utf-8",
        )

    def start(self) -> None:
        """Start all its processes and wait until it listens."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scoring.cli", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )
        wait_until("the node listens", lambda: answers_on(self.port) or self._dead(), 120)

    def _dead(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, log_tail(self.log, 40)
        return False

    def restart(self) -> None:
        """Stop, write the settings as they now are, and start."""
        assert self.stop() == 0
        self.write_config()
        self.start()

    def stop(self) -> int:
        """SIGTERM to the group's supervisor; its exit status."""
        return stop(self.process) if self.process else 0

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A verb of the command line with this node's settings."""
        command = [sys.executable, "-m", "scoring.cli", *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look into its ledger."""
        ledger = Ledger(read_settings(self.config).database_url)
        try:
            with ledger.read() as session:
                yield session
        finally:
            ledger.close()

    def status(self, study_instance_uid: str) -> dict[str, Any]:
        """What ``status --json --study`` prints; empty when the node does not know the study.

        Asked of the ledger: the verb, started at every look, would take a processor from the node that is waited for.
        """
        with self.reading() as session:
            return study_status(session, study_instance_uid) or {}

    def wait_for(self, study_instance_uid: str, seconds: float = 90.0, not_in: tuple[str, ...] = ()) -> dict[str, Any]:
        """The study's status once it came to rest, in another state than ``not_in``."""
        resting = set(FINISHED) - set(not_in)
        state = select(StudyRow.state).where(StudyRow.study_instance_uid == study_instance_uid)

        def settled(session: Session) -> dict[str, Any]:
            status = study_status(session, study_instance_uid) if session.scalar(state) in resting else None
            return status or {}

        return self._wait_until(f"study …{study_instance_uid[-6:]} comes to rest", settled, seconds)

    def wait_for_commitment(self, study_instance_uid: str) -> dict[str, Any]:
        """The study's status once every destination has committed everything that it was sent, and its job says so."""
        mine = JobRow.study_instance_uid == study_instance_uid, JobRow.kind == "commit"
        at_work = select(JobRow.id).where(*mine, JobRow.state.in_(("waiting", "leased")))

        def committed(session: Session) -> dict[str, Any]:
            status = study_status(session, study_instance_uid) if session.scalars(at_work).first() is None else None
            words = {place["commitment"] for place in status["destinations"]} if status else set()
            return status or {} if words == {"has committed everything"} else {}

        return self._wait_until(f"study …{study_instance_uid[-6:]} is committed", committed, 120)

    def _wait_until(self, what: str, answer: Callable[[Session], dict[str, Any]], seconds: float) -> dict[str, Any]:
        """The first answer that the ledger gives."""

        def look() -> dict[str, Any]:
            with ledger.read() as session:
                return answer(session)

        ledger = Ledger(read_settings(self.config).database_url)
        try:
            return wait_until(what, look, seconds)
        finally:
            ledger.close()

    def send_through_orthanc(self, *files: Path) -> None:
        """Put files into the PACS and let the PACS forward them to the node, as in a hospital."""
        self.orthanc.send("node", *self.orthanc.upload(*files))
