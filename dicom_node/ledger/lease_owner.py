"""Who holds a lease: host, process and thread, written so that a dead one can be told from one on another machine."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Final

_HOST_CHARACTERS: Final = 30


def lease_owner() -> str:
    """This thread as the owner of a lease: ``host:pid:start-thread``, at most 80 characters."""
    return f"{process_prefix(os.getpid())}{_start_ticks(os.getpid())}-{threading.get_native_id()}"


def process_prefix(pid: int) -> str:
    """What the owner of every lease of this process begins with. Hosts that share a name differ in their number."""
    return f"{_this_machine()}:{pid}:"


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this machine that no longer runs; of other machines nothing is known."""
    machine, _, rest = owner.rpartition(":")[0].rpartition(":")
    token = owner.rpartition(":")[2].partition("-")[0]
    return machine == _this_machine() and rest.isdigit() and _start_ticks(int(rest)) != token


def _this_machine() -> str:
    """Host name, boot and process namespace: a pid means something only within them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return socket.gethostname()[:_HOST_CHARACTERS].replace(":", "_")
    return f"{socket.gethostname()[:_HOST_CHARACTERS].replace(':', '_')}.{boot}.{namespace}"


def _start_ticks(pid: int) -> str:
    """When the process started, in ticks since boot, so that a pid used again is another owner; empty: no process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]
