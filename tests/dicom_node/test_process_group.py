"""The supervised group, as a process of its own: kept alive, stopped together, and gone with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import psutil
import pytest

from dicom_node.errors import SettingsError
from dicom_node.ledger.jobs import add_job
from dicom_node.process_group import run_group
from tests.dicom_node.ledger.ledgers import STUDY, job, new_ledger
from tests.foreign_programs.programs import wait_until

_HERE = Path(__file__).parents[2]
_RUN = """
import sys
from pathlib import Path
from dicom_node import process_group
process_group._DRAIN_SECONDS = float(sys.argv[2])
parts = sys.argv[3:]
program = (sys.executable, "-m", "tests.dicom_node.parts_for_tests")
sys.exit(process_group.run_group(Path(sys.argv[1]), parts, program=program))
"""


class RunningGroup:
    """``run_group`` in a process of its own."""

    def __init__(self, folder: Path, *parts: str, drain_seconds: float = 25) -> None:
        self.folder = folder
        self.config = folder / "node.toml"
        self.config.write_text('[node]\ndata_dir = "."\n')
        self._errors = folder / "errors"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _RUN, str(self.config), str(drain_seconds), *parts], cwd=_HERE, stderr=errors
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def pids(self, word: str) -> list[int]:
        """Every process that this part ever was."""
        path = self.folder / f"{word}.pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def wait_for(self, word: str, count: int = 1) -> list[int]:
        """Until the part was started so often."""
        return wait_until(f"{word} starts", lambda: pids if len(pids := self.pids(word)) >= count else [])

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return self._errors.read_text()


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_hang_up_reaches_the_listener_and_ends_nothing(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "listen", "stays --one") as group:
        pids = group.wait_for("listen") + group.wait_for("stays")
        group.process.send_signal(signal.SIGHUP)
        assert group.wait_for("SIGHUP") == group.pids("listen")
        assert all(map(runs, pids))
        group.process.send_signal(signal.SIGTERM)
        assert group.process.wait(90) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_all_and_ends_with_zero(tmp_path: Path, number: signal.Signals) -> None:
    with RunningGroup(tmp_path, "stays --one", "stays --two") as group:
        pids = group.wait_for("stays", 2)
        group.process.send_signal(number)
        assert group.process.wait(90) == 0
        assert not any(map(runs, pids))


def test_output_is_forwarded_under_its_part_and_kept_in_its_log(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "stays --one") as group:
        group.wait_for("stays")
        wait_until("the line comes", lambda: "[stays --one] this is stays" in group.errors)
    assert "this is stays" in (tmp_path / "logs" / "--one.log").read_text()


def test_a_part_that_is_killed_starts_again_and_its_leases_end_at_once(tmp_path: Path) -> None:
    """Given a part that holds a lease; when it is killed; then another takes the same job without waiting."""
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        job_id = add_job(session, "score", "k", STUDY, {}).id
    with RunningGroup(tmp_path, "leases") as group:
        [pid] = group.wait_for("leases")
        wait_until("it has the job", lambda: job(ledger, job_id).state == "leased")
        os.kill(pid, signal.SIGKILL)
        wait_until("the next one has it", lambda: job(ledger, job_id).fencing == 2)
        assert len(group.pids("leases")) == 2
    ledger.close()


def test_a_part_that_dies_again_and_again_ends_the_group(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "dies", "stays") as group:
        assert group.process.wait(90) == 1
        assert len(group.pids("dies")) == 5
        assert not any(map(runs, group.pids("stays")))
        assert "'dies' does not stay alive" in group.errors
        assert str(tmp_path / "logs" / "dies.log") in group.errors


def test_a_part_that_cannot_start_ends_the_group_without_further_tries(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "cannot", "stays") as group:
        assert group.process.wait(90) == 1
        assert len(group.pids("cannot")) == 1


def test_a_part_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "stubborn", drain_seconds=0.5) as group:
        [pid] = group.wait_for("stubborn")
        wait_until("it ignores SIGTERM", lambda: "this is stubborn" in group.errors)
        group.process.terminate()
        assert group.process.wait(90) == 0
        assert not runs(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell a process that its parent died")
def test_the_parts_end_when_the_group_is_killed(tmp_path: Path) -> None:
    with RunningGroup(tmp_path, "stays") as group:
        [pid] = group.wait_for("stays")
        group.process.kill()
        wait_until("the part is gone", lambda: not runs(pid))


def test_a_faulty_configuration_starts_nothing(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text("[node]\nport = 0\n")
    with pytest.raises(SettingsError, match=r"node\.port"):
        run_group(config)
    assert [path.name for path in tmp_path.iterdir()] == ["node.toml"]
