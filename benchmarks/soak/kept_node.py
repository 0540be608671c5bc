"""The node under soak: ``rheumascore run`` with the shipped model, kept running as an init system would keep it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Final, Self

import psutil

from benchmarks.soak.hostile_traffic import PEER
from benchmarks.soak.tally import Tally
from tests.journey.running_node import RunningNode

_PART_OF: Final = {
    "listen": "listener",
    "worker --queue scoring": "scoring worker",
    "worker --queue delivery": "delivery worker",
    "web": "web page",
}
_DECODER: Final = "scoring.pixel_decoding_child"
PARTS: Final = (*_PART_OF.values(), "decoding child", "supervisor")
_AGAIN_AFTER_SECONDS: Final = 1.0


class KeptNode(RunningNode):
    """A node and its Orthanc; the group is started again whenever it has ended."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        super().__init__(folder)
        self.more_peers = PEER
        self._tally = tally
        self._start_at = 0.0

    def __enter__(self) -> Self:
        self.orthanc.start()
        self.write_config()
        self.launch()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for processes in self.members().values():  # whose supervisor is dead
            for process in processes:
                process.kill()
        self.orthanc.stop()

    def launch(self) -> None:
        """Start the group and wait for nothing."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scoring.cli", "run", "--config", str(self.config)], stdout=log, stderr=log
            )
        self._tally.count("group started")

    def keep(self) -> None:
        """Start it again a second after it ended; call this often."""
        if self.process is None or self.process.poll() is None:
            return
        if not self._start_at:
            killed = self.process.returncode == -signal.SIGKILL
            self._tally.count("group ended: killed" if killed else "group ended: a part could not be kept alive")
            self._start_at = monotonic() + _AGAIN_AFTER_SECONDS
        elif monotonic() >= self._start_at:
            self._start_at = 0.0
            self.launch()

    def members(self) -> dict[str, list[psutil.Process]]:
        """Its living processes by what they do, those included whose supervisor is dead."""
        found: dict[str, list[psutil.Process]] = {part: [] for part in PARTS}
        for process in psutil.process_iter():
            if name := self._name(process):
                found[name].append(process)
        return found

    def _name(self, process: psutil.Process) -> str:
        """What this process does for the node; empty when it is none of its processes."""
        try:
            words = " ".join(process.cmdline())
            if _DECODER in words:
                words = " ".join(process.parent().cmdline()) if process.parent() else ""
                return "decoding child" if str(self.config) in words else ""
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            return ""
        if f"--config {self.config}" not in words:
            return ""
        if f"run --config {self.config}" in words:
            return "supervisor"
        return next((name for part, name in _PART_OF.items() if f"{part} --config" in words), "")
