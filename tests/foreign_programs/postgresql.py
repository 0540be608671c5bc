"""PostgreSQL: a cluster of its own in a folder, on a free port of the loopback, stopped by process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

from tests.foreign_programs.programs import answers_on, free_port, missing_program, wait_until


class PostgresqlServer:
    """A running server with one empty database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For ``[database] url``."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise missing_program("postgres", "Debian package postgresql")
        programs = found[-1].parent
        self.folder.mkdir(parents=True)
        account = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            account = {"user": "postgres", "group": "postgres"}
            shutil.chown(self.folder, **account)
        cluster = self.folder / "cluster"
        make = [
            programs / "initdb",
            "-D",
            cluster,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "--no-locale",
            "-E",
            "UTF8",
        ]
        subprocess.run(make, check=True, capture_output=True, cwd=self.folder, **account)
        run = [programs / "postgres", "-D", cluster, "-p", str(self.port), "-k", self.folder, "-h", "127.0.0.1"]
        with (self.folder.parent / "postgresql.log").open("ab") as log:
            self._process = subprocess.Popen(run, stdout=log, stderr=log, cwd=self.folder, **account)
        wait_until("PostgreSQL answers", lambda: answers_on(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
