"""PostgreSQL: a cluster of its own in a folder, on a free port of the loopback, stopped by process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import psutil
import psycopg
import pytest

from tests.foreign_programs.programs import ending_with_us, free_port, log_tail, missing_program, wait_until

_SETTINGS: Final = ("-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "dynamic_shared_memory_type=mmap")
"""Its processes are killed here, never its machine: what was written outlives them without waiting for the disk. A
container may have little shared memory, which browsers and other servers beside it want too."""


class PostgresqlServer:
    """A running server with one empty database; it may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._account = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root

    @property
    def url(self) -> str:
        """For ``[database] url``."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        if self._account:
            shutil.chown(self.folder, self._account, self._account)
        make = [_programs() / "initdb", "-D", self.folder / "cluster", "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(
            [*make, "--no-locale", "-E", "UTF8"], check=True, capture_output=True, cwd=self.folder,
            user=self._account, group=self._account,
        )  # fmt: skip
        try:
            self.start()
        except pytest.fail.Exception:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def start(self) -> None:
        """Start it, or start it again on the same port after it was killed, and wait until it takes statements."""
        options = ["-D", self.folder / "cluster", "-p", str(self.port), "-k", self.folder, "-h", "127.0.0.1"]
        command = ending_with_us(_programs() / "postgres", *options, *_SETTINGS, by=signal.SIGQUIT)
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder,
                user=self._account, group=self._account,
            )  # fmt: skip
        wait_until("PostgreSQL takes statements", self._takes_statements, 180, lambda: log_tail(self._log))

    def kill(self) -> None:
        """SIGKILL to every process of it, as when its machine goes down."""
        assert self.process is not None
        processes = self.processes
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(processes, timeout=30)

    @property
    def processes(self) -> list[psutil.Process]:
        """The server and all that serve one connection each."""
        assert self.process is not None
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    @property
    def _log(self) -> Path:
        return self.folder.parent / "postgresql.log"

    def _end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def _takes_statements(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"PostgreSQL ended at start:\n{log_tail(self._log)}")
        try:
            with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:  # not yet, or still recovering
            return False
        return True


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise missing_program("postgres", "Debian package postgresql")
    return found[-1].parent


@pytest.fixture
def postgresql_server() -> Iterator[PostgresqlServer]:
    """An empty PostgreSQL for one test."""
    with tempfile.TemporaryDirectory() as folder:  # its account may not look into pytest's folders
        Path(folder).chmod(0o755)
        with PostgresqlServer(Path(folder) / "server") as running:
            yield running
