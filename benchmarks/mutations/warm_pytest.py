"""A process that has read what pytest and our dependencies are made of, and forks for every run of tests.

Reads one JSON list of pytest's arguments a line, answers with pytest's exit status; what was said lies in OUTPUT.
Nothing of ours is imported before the fork, so that each run reads the tree as it is then.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Final

OUTPUT: Final = "pytest_output.txt"
_DEPENDENCIES: Final = (
    "hypothesis", "pytest", "pytest_timeout", "sqlalchemy.orm", "pydicom", "pynetdicom", "celery", "kombu",
    "structlog", "numpy", "highdicom", "psutil", "typer", "alembic.command",
)  # fmt: skip


def main() -> None:
    """Until stdin ends."""
    sys.path.pop(0)  # this folder, whose modules are not for the tests
    for name in _DEPENDENCIES:
        importlib.import_module(name)
    import pytest

    for line in sys.stdin:
        if not (child := os.fork()):
            os.setsid()
            said = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(said, 1)
            os.dup2(said, 2)
            status = int(pytest.main(json.loads(line)))
            sys.stdout.flush()
            os._exit(status)
        print(child, flush=True)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    main()
