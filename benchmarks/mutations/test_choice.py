"""Which tests are asked about a guard, in which order: those that call its function, the most particular first."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path, PurePath
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
_FIRST_SECONDS: Final = 15.0
_NEXT_SECONDS: Final = 45.0
"""What the tests of a group took together when they were watched."""
_MOST_NEAR: Final = 8
"""Tests that noticed a guard near by, and are asked before all others."""


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

    def stages(self, mutant: Mutant, tree: ScratchTree, near: list[str], *, wide: bool) -> list[list[str]]:
        """Groups of tests, each asked only when the one before noticed nothing.

        ``near``: those that noticed another guard of its file. ``wide``: those by process too.
        """
        near = [name for name in near if _is_there(name, tree)][:_MOST_NEAR]
        callers = [name for name in self._callers(mutant) if self._is_as_watched(name, tree)]
        first = self._for_seconds(callers, _FIRST_SECONDS)
        whole = self._whole_files(mutant, tree)
        rest = callers[len(first) :]
        own = [file for file in whole if PurePath(file).name.startswith(_namesake(mutant))]
        others = [file for file in whole if file not in own]
        groups = [near, own, first, others, rest if wide else self._for_seconds(rest, _NEXT_SECONDS)]
        if wide:
            by_process = next((tests for place, tests in _BY_PROCESS if mutant.path.startswith(place)), ())
            groups.append([test for test in by_process if (tree.folder / test).exists()])
        return [group for group in groups if group]

    def _is_as_watched(self, name: str, tree: ScratchTree) -> bool:
        file = tree.folder / name.partition("::")[0]
        return file.exists() and _digest(file) == self._kept["files"].get(str(file.relative_to(tree.folder)))

    def _whole_files(self, mutant: Mutant, tree: ScratchTree) -> list[str]:
        """Test files of which watching says too little: of the file's name, though they call it in another process
        only; or new, or changed since they were watched, and they import it, or called it."""
        module = mutant.path.removesuffix(".py").replace("/", ".")
        called_in = {name.partition("::")[0] for name in self._callers(mutant)}
        files = []
        for file in _test_files(tree.folder):
            name = str(file.relative_to(tree.folder))
            calls, is_its_own = name in called_in, file.name.startswith(_namesake(mutant))
            if self._is_as_watched(name, tree):
                asked = is_its_own and not calls
            else:
                asked = is_its_own or calls or f"from {module} import" in file.read_text(encoding="utf-8")
            if asked:
                files.append(name)
        return files

    def _for_seconds(self, tests: list[str], seconds: float) -> list[str]:
        """The first of them, at least one, that take so long together."""
        taken = 0.0
        for count, name in enumerate(tests):
            taken += self._kept["tests"][name]["seconds"]
            if count and taken > seconds:
                return tests[:count]
        return tests

    def _callers(self, mutant: Mutant) -> list[str]:
        """Tests that call the function: the file's own first, then by how little else they call."""
        place = f"{mutant.path}:{mutant.function}"
        own = {
            name: len(test["calls"])
            for name, test in self._kept["tests"].items()
            if any(called == place or (not mutant.function and called.startswith(place)) for called in test["calls"])
        }
        namesake = f"/{_namesake(mutant)}"
        return sorted(own, key=lambda n: (namesake not in n, own[n], self._kept["tests"][n]["seconds"]))


def _namesake(mutant: Mutant) -> str:
    """How the files of the tests begin that are about the mutated file."""
    return f"test_{PurePath(mutant.path).stem}"


def _is_there(name: str, tree: ScratchTree) -> bool:
    """Whether the tree has this test by now, or still; without ``::`` it is a whole file."""
    place, _, test = name.partition("::")
    file, function = tree.folder / place, test.partition("[")[0]
    return file.exists() and (not function or f"def {function}(" in file.read_text(encoding="utf-8"))


def _test_files(root: Path) -> list[Path]:
    found = []
    for place in _WATCHED:
        path = root / place
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
