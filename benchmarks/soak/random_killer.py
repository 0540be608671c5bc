"""SIGKILL to a random process of the node at random moments."""

from __future__ import annotations

import contextlib
import random
from typing import Final

import psutil

from benchmarks.soak.kept_node import KeptNode
from benchmarks.soak.tally import Tally

_ALL: Final = "the whole group"
_SHARES: Final = {
    "decoding child": 40,
    "listener": 15,
    "delivery worker": 17,
    "web page": 17,
    "scoring worker": 5,
    "supervisor": 3,
    _ALL: 3,
}
"""Of a hundred kills. What takes long to start dies less often, so that work is done between the kills."""


class RandomKiller:
    """Dice of its own: the same seed chooses the same victims after the same pauses."""

    def __init__(self, node: KeptNode, tally: Tally, *, mean_seconds: float) -> None:
        self._node, self._tally, self._mean = node, tally, mean_seconds
        self._dice = random.Random(tally.seed)

    def pause(self) -> float:
        """Seconds until the next kill: exponential, so that no moment is safe."""
        return self._dice.expovariate(1 / self._mean)

    def kill_one(self) -> None:
        """Kill one process, or all of them at once.

        When what was drawn does not run just now, another part is drawn, but nothing that takes the others with it:
        else a group that is just starting would be killed more often than one that works.
        """
        members = {part: processes for part, processes in self._node.members().items() if processes}
        [name] = self._dice.choices(list(_SHARES), list(_SHARES.values()))
        if name not in members and name != _ALL:
            parts = [part for part in members if part != "supervisor"]
            if not parts:
                return
            [name] = self._dice.choices(parts, [_SHARES[part] for part in parts])
        everybody = [process for processes in members.values() for process in processes]
        victims = everybody if name == _ALL else [self._dice.choice(members[name])]
        if [process for process in victims if _killed(process)]:
            self._tally.count(f"kill: {name}")


def _killed(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()  # psutil makes sure that the number is not another process by now
        return True
    return False
