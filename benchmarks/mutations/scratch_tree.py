"""A copy of a commit in a folder of its own, in which guards are taken away and tests run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from benchmarks.mutations.mutant import Mutant

ROOT: Final = Path(__file__).parents[2]
_NODE_MODULES: Final = "tests/judges/ohif/node_modules"
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
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
        """Run these until one fails. Its name, or None when all pass. Raises TimeoutError, RuntimeError."""
        options = ["-x", "-q", "--no-header", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-o", "addopts="]
        process = subprocess.Popen(
            ["nice", sys.executable, "-m", "pytest", *options, f"--timeout={_LONGEST_TEST_SECONDS}", *tests],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=_LONGEST_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the tests ran for more than {_LONGEST_RUN_SECONDS} s") from None
        finally:
            _end_group(process)
        if process.returncode == 0:
            return None
        if failed := _FAILED.search(said):
            return failed.group(1)
        raise RuntimeError(f"pytest ended with {process.returncode}: {said[-2000:]}")

    @staticmethod
    def _write(path: Path, source: bytes) -> None:
        path.write_bytes(source)
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()  # it is known by second and size alone


def _end_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
