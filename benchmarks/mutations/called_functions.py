"""A pytest plugin: which functions of ours each test calls in its own process, and how long it takes.

CALLED_FUNCTIONS=out.json python -m pytest -p benchmarks.mutations.called_functions tests/dicom_node
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

_ROOT = f"{Path(__file__).parents[2]}/"
_OURS = ("dicom_node/", "scoring/weights", "sr_templates/read_back")


class CalledFunctions:
    """Watches every thread. What a child process calls is not seen."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._names: dict[CodeType, str] = {}
        self._now: set[str] = set()
        self.tests: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            if (name := self._names.get(code)) is None:
                path = code.co_filename.removeprefix(_ROOT)
                function = code.co_qualname.partition(".<locals>.<")[0].replace("<locals>.", "")
                name = self._names[code] = f"{path}:{function}" if path.startswith(_OURS) else ""
            if name:
                self._now.add(name)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now = set()
        began = time.monotonic()
        yield
        self.tests[item.nodeid] = {"seconds": round(time.monotonic() - began, 2), "calls": sorted(self._now)}

    def pytest_sessionfinish(self) -> None:
        """Whether it ran to its end or was interrupted."""
        threading.setprofile(None)  # type: ignore[arg-type]
        sys.setprofile(None)
        self._out.write_text(json.dumps(self.tests, indent=0))


def pytest_configure(config: pytest.Config) -> None:
    """Watch from now on."""
    called = CalledFunctions(Path(os.environ["CALLED_FUNCTIONS"]))
    config.pluginmanager.register(called, "called functions")
    threading.setprofile(called)
    sys.setprofile(called)
