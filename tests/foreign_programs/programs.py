"""Find a foreign program: a missing one skips its tests at home and fails them in CI."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import pytest

T = TypeVar("T")
_PORTS: Final = (15_000, 32_000)
"""Linux gives 32,768 and more to outgoing connections, others 49,152 and more."""
_TESTERS: Final = 8
"""So many test processes beside each other, at the most, give ports of their own."""
_CHANCE: Final = random.SystemRandom()
_GIVEN: Final = set[int]()


def find_program(name: str, debian_package: str) -> str:
    """The path of a program of the machine: never one of the same name that a Python package installed."""
    for folder in ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"):
        if found := shutil.which(name, path=folder):
            return found
    raise missing_program(name, f"Debian package {debian_package}")


def missing_program(name: str, comes_from: str) -> BaseException:
    """What ends a test when something of the machine is not there: a skip at home, a failure in CI."""
    message = f"{name} is not installed ({comes_from})"
    return pytest.fail.Exception(message) if os.environ.get("CI") == "true" else pytest.skip.Exception(message)


def ending_with_us(*command: str | Path, by: signal.Signals = signal.SIGKILL) -> list[str | Path]:
    """The command line of a program that ends, by this signal, when the test process that starts it is gone.

    Where util-linux has no setpriv(1), the command as it is: nothing is promised.
    """
    setpriv = shutil.which("setpriv", path="/usr/bin")
    return [setpriv, "--pdeathsig", by.name, *command] if setpriv else [*command]


def free_port() -> int:
    """A port of the loopback that nobody listens on now, and that is given only once.

    It lies below those that the kernel gives to outgoing connections: else such a connection, of any test beside, may
    have it when a program starts on it, or starts again. No other test process of this run gives it either: nobody
    listens on it yet while its program starts, or while it is down.
    """
    tester = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _TESTERS
    while True:
        port = _CHANCE.randrange(_PORTS[0] + tester, _PORTS[1], _TESTERS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _GIVEN:
                _GIVEN.add(port)
                return port


def wait_until(what: str, probe: Callable[[], T], seconds: float = 90.0, why: Callable[[], str] = str) -> T:
    """The first true answer of ``probe``; fails the test when none comes in time, and says ``why`` it may be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := probe():
            return answer
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {seconds:g} s\n{why()}".rstrip())


def answers_on(port: int) -> bool:
    """True when somebody listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes], seconds: float = 40.0) -> int:
    """Ask a process that we started to end; kill it when it does not. Its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def log_tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
