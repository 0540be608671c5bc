"""Redis as a broker: started on a free port with a folder of its own, stopped by process id."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.foreign_programs.programs import answers_on, ending_with_us, find_program, free_port, stop, wait_until


class RedisServer:
    """A running redis-server without persistence; ``start`` and ``stop`` may be called in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For ``[queue] url``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, always on the same port, and wait until it answers."""
        program = find_program("redis-server", "redis-server")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(ending_with_us(program, *options), stdout=log, stderr=log, cwd=self.folder)
        wait_until("Redis answers", lambda: answers_on(self.port))

    def stop(self) -> None:
        """End it; nothing of it is kept."""
        if self.process:
            stop(self.process)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis for one test."""
    with RedisServer(tmp_path / "redis") as running:
        yield running
