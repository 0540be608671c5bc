"""All that goes over Redis, and what lies there."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path

from tests.foreign_programs.programs import find_program, stop, wait_until
from tests.foreign_programs.redis import RedisServer


def watch_redis(running: ExitStack, redis: RedisServer, path: Path) -> subprocess.Popen[bytes]:
    """Every command that any client gives to Redis, with its whole message."""
    program = find_program("redis-cli", "redis-tools")
    output = running.enter_context(path.open("wb"))
    monitor = subprocess.Popen([program, "-p", str(redis.port), "monitor"], stdout=output)
    running.callback(stop, monitor)
    wait_until("Redis is watched", lambda: path.read_bytes().startswith(b"OK"))
    return monitor


def dump_of(redis: RedisServer) -> bytes:
    """Keys and values that are there now."""
    client = [find_program("redis-cli", "redis-tools"), "-p", str(redis.port)]
    keys = subprocess.run([*client, "--scan"], capture_output=True, check=True).stdout
    dumps = [subprocess.run([*client, "dump", key], capture_output=True, check=True).stdout for key in keys.split()]
    return keys + b"".join(dumps)
