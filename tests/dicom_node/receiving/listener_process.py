"""``rheumascore listen`` as a process of its own, in one folder."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psutil
from sqlalchemy import select

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow
from tests.foreign_programs.programs import answers_on, free_port, log_tail, stop, wait_until

_PROGRAM: Final = "from scoring.cli import main; main()"


class ListenerProcess:
    """The command, its configuration and its log; may be started again. SENDER may send, HONEST too."""

    def __init__(
        self,
        folder: Path,
        *,
        limits: str = "free_disk_bytes = 1000000",
        program: str = _PROGRAM,
        under: Sequence[str] = (),
        more: str = "",
    ) -> None:
        """``limits``: lines of the section; ``program``: Python that ends in the command line's ``main``; ``under``:
        a command that runs it; ``more``: further sections and peers."""
        self.folder, self.port, self.program, self.under = folder, free_port(), program, under
        self.process: subprocess.Popen[bytes] | None = None
        folder.joinpath("node.toml").write_text(
            f"""
            [node]
            port = {self.port}
            quiet_seconds = 0.5
            [web]
            port = {free_port()}
            [limits]
            {limits}
            [[peers]]
            name = "sender"
            ae_title = "SENDER"
            host = "127.0.0.1"
            port = 104
            may_send = true
            [[peers]]
            name = "honest"
            ae_title = "HONEST"
            host = "127.0.0.1"
            port = 105
            may_send = true
            {more}
            """
        )

    def start(self) -> psutil.Process:
        """Start it and wait until it listens."""
        program = [*self.under, sys.executable, "-c", self.program, "listen", "--config"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*program, str(self.folder / "node.toml")], stdout=log, stderr=log)
        wait_until("the listener answers", lambda: answers_on(self.port) or self._dead())
        return psutil.Process(self.process.pid)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self.process is not None
        return stop(self.process)

    def kill(self) -> None:
        """SIGKILL, if it was ever started."""
        if self.process:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def rows(self) -> list[InstanceRow]:
        """What the ledger holds."""
        ledger = Ledger(f"sqlite:///{self.data_dir / 'ledger.sqlite3'}")
        try:
            with ledger.read() as session:
                return list(session.scalars(select(InstanceRow).order_by(InstanceRow.id)))
        finally:
            ledger.close()

    @property
    def study_states(self) -> dict[str, str]:
        """The state of every study, by its UID."""
        with closing(sqlite3.connect(self.data_dir / "ledger.sqlite3")) as ledger:
            return dict(ledger.execute("SELECT study_instance_uid, state FROM studies"))

    @property
    def leftovers(self) -> list[Path]:
        """Files that are being written, or were forgotten."""
        return list((self.data_dir / "incoming").iterdir())

    @property
    def kept_files(self) -> dict[str, Path]:
        """What lies in the inbox: by the digest that names it."""
        return {path.stem: path for path in (self.data_dir / "instances").rglob("*.dcm")}

    def data_set(self, sha256: str) -> bytes:
        """The bytes that are kept, without preamble and meta header."""
        content = (self.data_dir / "instances" / sha256[:2] / f"{sha256}.dcm").read_bytes()
        return content[144 + int.from_bytes(content[140:144], "little") :]

    def _dead(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, log_tail(self.folder / "log", 40)
        return False
