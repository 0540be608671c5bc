"""A program that a test starts does not outlive it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from tests.foreign_programs.programs import wait_until

_STARTS = """
import subprocess, sys, time
from tests.foreign_programs.programs import ending_with_us
program = ending_with_us("/usr/bin/sleep", "3600")
print(subprocess.Popen(program, user=sys.argv[1] or None).pid, flush=True)
time.sleep(3600)
"""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="without util-linux nothing is promised")
@pytest.mark.parametrize("user", ["", "nobody"], ids=["same user", "other user"])
def test_what_a_test_started_ends_when_the_test_is_killed(user: str) -> None:
    if user and os.geteuid() != 0:
        pytest.skip("only root may start a program as somebody else")
    test = subprocess.Popen([sys.executable, "-c", _STARTS, user], stdout=subprocess.PIPE)
    assert test.stdout is not None
    started = psutil.Process(int(test.stdout.readline()))
    wait_until("it has become the program", lambda: started.cmdline() == ["/usr/bin/sleep", "3600"])
    test.send_signal(signal.SIGKILL)
    test.wait()
    test.stdout.close()
    wait_until("it is gone", lambda: not started.is_running() or started.status() == psutil.STATUS_ZOMBIE)
