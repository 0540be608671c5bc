"""The demonstration leaves nothing behind: PACS, node, workers and page end with it, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dicom_node.process_group import PARTS
from tests.foreign_programs.programs import wait_until


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_all_that_it_started(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "scoring.cli", "demo", "--once", "--keep", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        wait_until("the node starts its parts", (tmp_path / "data" / "logs" / f"{PARTS[-1]}.log").exists, seconds=60)
        parts = psutil.Process(demo.pid).children(recursive=True)
        assert len(parts) >= 1 + 1 + len(PARTS), "the PACS, the node, and the parts of the node"
        demo.send_signal(end)
        assert demo.wait(60) != 0
    _, alive = psutil.wait_procs(parts, timeout=60)
    for each in alive:
        each.kill()
    assert not alive
