"""Which tests are asked about a guard, in which order: those that call its function, the most particular first."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.mutations.mutant import Mutant
from benchmarks.mutations.scratch_tree import ScratchTree

_WATCHED: Final = (
    "tests/dicom_node",
    "tests/scoring/networks/test_torch_start.py",
    "tests/scoring/anatomy/test_network_files.py",
    "tests/sr_templates/test_reading.py",
)
"""Tests that call the code in their own process."""
_BY_PROCESS: Final = (
    ("dicom_node/content_store.py", ("tests/durability", "tests/hazards/test_m_machine.py")),
    ("dicom_node/receiving/", ("tests/hazards",)),
    ("dicom_node/", ("tests/durability", "tests/journey")),
)
"""Tests that start the node as a process, for what no test in the own process noticed."""
_FIRST_SECONDS: Final = 30.0
_FIRST_TESTS: Final = 25


class CallsOfTests:
    """What each test calls, kept in a file; only what is new or changed is watched again."""

    def __init__(self, work: Path) -> None:
        self._file = work / "calls.json"
        self._kept: dict[str, Any] = {"files": {}, "tests": {}}
        if self._file.exists():
            self._kept = json.loads(self._file.read_text())

    def watch(self, tree: ScratchTree) -> None:
        """Run the tests that changed since the last time, in a tree with every guard."""
        files = {str(p.relative_to(tree.folder)): _digest(p) for p in _test_files(tree.folder)}
        changed = [name for name, digest in files.items() if self._kept["files"].get(name) != digest]
        if changed:
            out = self._file.with_name("watched.json")
            out.unlink(missing_ok=True)
            watching = ["-p", "benchmarks.mutations.called_functions", "-q", "-o", "addopts=", "--timeout=900"]
            subprocess.run(
                ["nice", sys.executable, "-m", "pytest", *watching, *changed],
                cwd=tree.folder,
                env={**os.environ, "PYTHONPATH": str(tree.folder), "CALLED_FUNCTIONS": str(out.absolute())},
                check=False,  # a test that fails when it is watched is asked all the same
            )
            old = {n: t for n, t in self._kept["tests"].items() if n.partition("::")[0] in set(files) - set(changed)}
            self._kept = {"files": files, "tests": old | json.loads(out.read_text())}
            self._file.write_text(json.dumps(self._kept))

    def stages(self, mutant: Mutant, tree: ScratchTree) -> list[list[str]]:
        """Groups of tests, each asked only when the one before noticed nothing."""
        callers = self._callers(mutant)
        first: list[str] = []
        seconds = 0.0
        for name in callers:
            seconds += self._kept["tests"][name]["seconds"]
            if first and (seconds > _FIRST_SECONDS or len(first) == _FIRST_TESTS):
                break
            first.append(name)
        by_process = next((tests for place, tests in _BY_PROCESS if mutant.path.startswith(place)), ())
        return [
            stage
            for stage in (first, callers[len(first) :], [t for t in by_process if (tree.folder / t).exists()])
            if stage
        ]

    def _callers(self, mutant: Mutant) -> list[str]:
        """Tests that call the function, those that call little else first; of a file's own level, its callers."""
        place = f"{mutant.path}:{mutant.function}"
        own = {
            name: len(test["calls"])
            for name, test in self._kept["tests"].items()
            if any(called == place or (not mutant.function and called.startswith(place)) for called in test["calls"])
        }
        return sorted(own, key=lambda name: (own[name], self._kept["tests"][name]["seconds"]))


def _test_files(root: Path) -> list[Path]:
    found = []
    for place in _WATCHED:
        path = root / place
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
