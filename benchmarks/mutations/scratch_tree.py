"""A copy of a commit in a folder of its own, in which guards are taken away and tests run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from benchmarks.mutations.mutant import Mutant
from benchmarks.mutations.warm_pytest import OUTPUT

ROOT: Final = Path(__file__).parents[2]
_NODE_MODULES: Final = "tests/judges/ohif/node_modules"
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
_OPTIONS: Final = (
    "-x", "-q", "--no-header", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-o", "addopts=",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # hypothesis was imported before the fork
)  # fmt: skip
_LONGEST_TEST_SECONDS: Final = 120
_LONGEST_RUN_SECONDS: Final = 1200


class ScratchTree:
    """One copy; what runs in it, and every child of that, imports from it."""

    def __init__(self, folder: Path, commit: str) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        if (ROOT / _NODE_MODULES).exists():
            (folder / _NODE_MODULES).symlink_to(ROOT / _NODE_MODULES)
        self._warm = subprocess.Popen(
            ["nice", "-n", "1", sys.executable, str(Path(__file__).with_name("warm_pytest.py"))],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def without(self, mutant: Mutant) -> Iterator[None]:
        """The tree without one guard, until the block ends."""
        path = self.folder / mutant.path
        whole = path.read_bytes()
        self._write(path, mutant.applied(whole))
        try:
            yield
        finally:
            self._write(path, whole)

    def first_failure(self, tests: Sequence[str]) -> str | None:
        """Run these until one fails. Its name, or None when all pass. Raises RuntimeError."""
        status = self._run([*_OPTIONS, f"--timeout={_LONGEST_TEST_SECONDS}", f"--basetemp={self.folder}.tests", *tests])
        if status in (0, 5):  # 5: none was left to run
            return None
        said = (self.folder / OUTPUT).read_text(errors="replace")
        if failed := _FAILED.search(said):
            return failed.group(1)
        raise RuntimeError(f"pytest ended with {status}: {said[-2000:]}")

    def _run(self, arguments: Sequence[str]) -> int:
        process = self._warm
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
        group = int(process.stdout.readline())
        late = threading.Timer(_LONGEST_RUN_SECONDS, _end_group, [group])
        late.start()
        try:
            return int(process.stdout.readline())
        finally:
            late.cancel()
            _end_group(group)

    @staticmethod
    def _write(path: Path, source: bytes) -> None:
        path.write_bytes(source)
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()  # it is known by second and size alone


def _end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
