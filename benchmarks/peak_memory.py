"""The most memory that a process and those that it started had resident, as Linux tells."""

from __future__ import annotations

from pathlib import Path


def peaks_below(pid: int) -> list[tuple[str, int]]:
    """(words of its command, MiB) of this process and of all below it that run now, the largest first."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            said = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            command = (status.parent / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended in this moment
            continue
        if "VmHWM" in said:
            found[int(said["Pid"])] = (int(said["PPid"]), _words(command), int(said["VmHWM"].split()[0]) >> 10)
    wanted = {pid}
    while more := {one for one, (parent, *_) in found.items() if parent in wanted} - wanted:
        wanted |= more
    return sorted(((words, peak) for one, (_, words, peak) in found.items() if one in wanted), key=lambda p: -p[1])


def _words(command: list[str]) -> str:
    """What follows python -m, without the paths."""
    after = command[command.index("-m") + 1 :] if "-m" in command else [Path(command[0]).name]
    return " ".join(word for word in after if word and "/" not in word and not word.startswith("{"))[:60]
