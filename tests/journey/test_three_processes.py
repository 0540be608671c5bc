"""Listener, worker and page started apart, as on several machines: on PostgreSQL and RabbitMQ, on SQLite and Redis.

Each queue and each database is a real server, and dies in the middle of a study: the report comes all the same, once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from dicom_node.queue.celery_app import QUEUES
from tests.foreign_programs.dcmtk import storescu
from tests.foreign_programs.postgresql import PostgresqlServer
from tests.foreign_programs.programs import answers_on, log_tail, stop, wait_until
from tests.foreign_programs.rabbitmq import RabbitmqServer
from tests.foreign_programs.redis import RedisServer
from tests.journey.running_node import RunningNode
from tests.journey.sent_study import write_study
from tests.journey.toy_house import READ_BY_THE_TOY, build_house, where_the_toy_scores

_PARTS = ("listen", "worker", "web")


class ThreeProcesses(RunningNode):
    """``listen``, ``worker`` and ``web`` beside each other; nobody supervises them."""

    def __init__(self, folder: Path, *, queue: str, database: str) -> None:
        super().__init__(folder, quiet_seconds=3.0)
        self.environment = where_the_toy_scores(build_house(folder / "house"))
        self.more_peers = f'[queue]\nurl = "{queue}"\n[database]\nurl = "{database}"\n'
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for part in _PARTS:
            with (self.folder / f"{part}.log").open("ab") as log:
                command = [sys.executable, "-m", "scoring.cli", part, "--config", str(self.config)]
                self.parts[part] = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | self.environment)
        try:
            for part, port in (("listen", self.port), ("web", self.web_port)):
                wait_until(f"{part} answers", partial(self._answers, part, port), 120)
        except BaseException:
            self.__exit__()
            raise

    def stop(self) -> int:
        """SIGTERM to each; 0 when each ended so."""
        return max((stop(process) for process in self.parts.values()), default=0)

    def _answers(self, part: str, port: int) -> bool:
        assert self.parts[part].poll() is None, log_tail(self.folder / f"{part}.log", 40)
        return answers_on(port)


@dataclass(frozen=True)
class Stage:
    """A node, and how the servers that it works with die and come back."""

    node: ThreeProcesses
    die: Callable[[], None]
    come_back: Callable[[], None]


@contextmanager
def on_postgresql_and_rabbitmq(folder: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    database: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with RabbitmqServer(folder / "rabbitmq") as queue:

        def die() -> None:
            queue.kill()
            database.kill()

        def come_back() -> None:
            database.start()
            queue.start()

        with ThreeProcesses(folder, queue=queue.url, database=database.url) as node:
            queue.wait_for_queues(*QUEUES)
            yield Stage(node, die, come_back)


@contextmanager
def on_sqlite_and_redis(folder: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Redis keeps nothing over its death."""
    queue: RedisServer = request.getfixturevalue("redis_server")
    with ThreeProcesses(folder, queue=queue.url, database="") as node:
        yield Stage(node, queue.stop, queue.start)


@pytest.mark.timeout(480)
@pytest.mark.parametrize("servers", [on_postgresql_and_rabbitmq, on_sqlite_and_redis])
def test_a_study_comes_back_though_the_servers_die_on_the_way(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    servers: Callable[[Path, pytest.FixtureRequest], AbstractContextManager[Stage]],
) -> None:
    """Given a study that is on its way; when queue and database die and come back; then its report is there, once."""
    studies = [write_study(tmp_path / "studies", number, body_part=READ_BY_THE_TOY) for number in (5100, 5200)]
    with servers(tmp_path, request) as stage:
        node = stage.node
        assert storescu(node.port, *studies[0].files).returncode == 0
        wait_until("it is on its way", lambda: on_its_way(node, studies[0].uid), 120)
        stage.die()
        late = storescu(node.port, *studies[1].files)
        stage.come_back()
        if late.returncode:
            assert "OutOfResources" in late.stderr, "the ledger was away, and the sender was told so"
            assert storescu(node.port, *studies[1].files).returncode == 0
        for study in studies:
            assert node.wait_for(study.uid, 180)["state"] == "delivered"
            node.wait_for_commitment(study.uid)
            reports = node.orthanc.find("Series", StudyInstanceUID=study.uid, Modality="SR")
            assert [len(series["Instances"]) for series in reports] == [1]
        assert node.verb("audit", "verify").returncode == 0
        assert answers_on(node.web_port)
        assert node.stop() == 0


def on_its_way(node: ThreeProcesses, uid: str) -> bool:
    return node.status(uid).get("state") not in (None, "receiving")
