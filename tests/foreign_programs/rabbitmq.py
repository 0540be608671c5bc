"""RabbitMQ as a broker: a node of its own on free ports, with its own folder, cookie and name server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.foreign_programs.programs import answers_on, ending_with_us, find_program, free_port, log_tail, wait_until

_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""The program behind Debian's wrapper, which would change to the user rabbitmq."""
_START_SECONDS = 180


class RabbitmqServer:
    """A running broker. It ends with its process groups, so nothing of Erlang stays behind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._name_server_port, self._distribution_port = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """For ``[queue] url``."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def __enter__(self) -> Self:
        find_program("rabbitmq-server", "rabbitmq-server")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.file.level = warning\n"
        )
        (self.folder / "plugins").write_text("[].")
        self._start(find_program("epmd", "erlang-base"))
        wait_until("Erlang's name server answers", lambda: answers_on(self._name_server_port))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def start(self) -> None:
        """Start the broker, or start it again after ``kill``, and wait until it answers."""
        self._start(str(_SERVER))
        wait_until("RabbitMQ answers", self._answers, _START_SECONDS)

    def kill(self) -> None:
        """SIGKILL to the broker; the name server stays."""
        broker = self._processes.pop()
        os.killpg(broker.pid, signal.SIGKILL)
        broker.wait()

    def wait_for_queues(self, *names: str) -> None:
        """Until it has written down where these queues lie.

        Killed in the moment before, RabbitMQ 3.10 knows a queue after its next start and cannot read from it any more.
        """
        wait_until(
            f"the broker keeps {', '.join(names)}",
            lambda: all(f"%2F_{name}".encode() in self._queue_places() for name in names),
            120,
        )

    def _queue_places(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.rglob("names.dets"))

    def _start(self, program: str) -> None:
        home = str(self.folder)
        environment = os.environ | {
            "HOME": home,
            "ERL_EPMD_PORT": str(self._name_server_port),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        }
        with (self.folder / "output.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    ending_with_us(program, by=signal.SIGTERM),
                    stdout=log,
                    stderr=log,
                    env=environment,
                    start_new_session=True,
                )
            )

    def _answers(self) -> bool:
        if self._processes[-1].poll() is not None:
            pytest.fail(f"RabbitMQ ended at start:\n{log_tail(self.folder / 'output.log')}")
        return answers_on(self.port)


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitmqServer]:
    """One RabbitMQ for the whole run: it needs some seconds to start."""
    with RabbitmqServer(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running
