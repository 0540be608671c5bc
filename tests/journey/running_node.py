"""A whole node as a hospital runs it: ``rheumascore run`` beside a real Orthanc that sends to it and archives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

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
        self.orthanc.stop()

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
        return stop(self.process, 40) if self.process else 0

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A verb of the command line with this node's settings."""
        command = [sys.executable, "-m", "scoring.cli", *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def status(self, study_instance_uid: str) -> dict[str, Any]:
        """``status --json --study``; empty when the node does not know the study."""
        done = self.verb("status", "--json", "--study", study_instance_uid)
        return dict(json.loads(done.stdout)[0]) if done.stdout.strip() else {}

    def wait_for(self, study_instance_uid: str, seconds: float = 90.0, not_in: tuple[str, ...] = ()) -> dict[str, Any]:
        """The study's status once it came to rest, in another state than ``not_in``."""

        def settled() -> dict[str, Any]:
            status = self.status(study_instance_uid)
            return status if status.get("state") in set(FINISHED) - set(not_in) else {}

        return wait_until(f"study …{study_instance_uid[-6:]} comes to rest", settled, seconds)

    def wait_for_commitment(self, study_instance_uid: str) -> dict[str, Any]:
        """The study's status once every destination has committed everything that it was sent, and its job says so."""

        def committed() -> dict[str, Any]:
            status = self.status(study_instance_uid)
            words = {place["commitment"] for place in status.get("destinations", ())}
            jobs = {job["state"] for job in status.get("jobs", ()) if job["kind"] == "commit"}
            at_work = jobs & {"waiting", "leased"}
            return status if words == {"has committed everything"} and not at_work else {}

        return wait_until(f"study …{study_instance_uid[-6:]} is committed", committed, 60)

    def send_through_orthanc(self, *files: Path) -> None:
        """Put files into the PACS and let the PACS forward them to the node, as in a hospital."""
        self.orthanc.send("node", *self.orthanc.upload(*files))
