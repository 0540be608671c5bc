"""A network of its own (a namespace and a cable to it), whose cable a test can pull. Linux, and only for root."""

from __future__ import annotations

import os
import subprocess
from typing import Self
from uuid import uuid4

import pytest

from tests.foreign_programs.programs import find_program, missing_program


class PrivateNetwork:
    """Exists between ``with`` and its end. ``address``: of what runs in it, seen from outside."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can make a network")
        tail = uuid4().hex[:6]
        self.name, self._here, self._there = f"rs{tail}", f"rsh{tail}", f"rst{tail}"
        third, fourth = int(tail[:2], 16), int(tail[2:4], 16) & 0xFC
        self._gateway, self.address = (f"10.213.{third}.{fourth + n}" for n in (1, 2))

    def __enter__(self) -> Self:
        self._ip("netns", "add", self.name)
        self._ip("link", "add", self._here, "type", "veth", "peer", "name", self._there, "netns", self.name)
        self._ip("addr", "add", f"{self._gateway}/30", "dev", self._here)
        self._ip("-n", self.name, "addr", "add", f"{self.address}/30", "dev", self._there)
        self._ip("-n", self.name, "link", "set", "lo", "up")
        self._ip("-n", self.name, "link", "set", self._there, "up")
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self._ip("link", "del", self._here)
        self._ip("netns", "del", self.name)

    def pull_the_cable(self) -> None:
        """Nothing comes through, and nobody says so."""
        self._ip("-n", self.name, "link", "set", self._there, "down")

    def plug_in(self) -> None:
        """It is connected (again)."""
        self._ip("-n", self.name, "link", "set", self._there, "up")
        self._ip("link", "set", self._here, "up")

    def command(self, *words: str) -> list[str]:
        """The command line that runs these words inside."""
        return [find_program("ip", "iproute2"), "netns", "exec", self.name, *words]

    def _ip(self, *words: str) -> None:
        done = subprocess.run(
            [find_program("ip", "iproute2"), *words], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise missing_program("network namespaces", f"iproute2 says: {done.stderr.strip()}")
