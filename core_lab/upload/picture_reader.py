"""Pictures of strangers are opened, judged and wrapped in a child process that may die; torch is loaded there alone.

The child is started when the upload page is opened or looked at again, so that it is warm for the first picture, and
ended when nobody did that or handed in a picture for a while: the page's own process stays as small as it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from threading import Lock, Timer
from time import monotonic
from typing import Any, Final

from core_lab.errors import UploadRefusedError
from core_lab.upload.picture_look import PictureLook
from core_lab.upload.visit_form import VisitForm
from dicom_node.settings import ScoringSection

_START_SECONDS: Final = 180.0
"""Until the child has its networks; 4 s on a machine that has nothing else to do."""
_SECONDS: Final = 60.0
"""For one picture; one of 12 megapixels takes half a second."""
_MEMORY_BYTES: Final = 8 << 30
"""Of addresses, of which torch claims many and uses few; a picture of 100 million pixels takes 0.8 GB."""
_REST_SECONDS: Final = 600.0
_CHILDREN_FOR_A_TASK: Final = 2


class PictureReader:
    """One warm child; one task at a time."""

    def __init__(self, scoring: ScoringSection, clock: Callable[[], float] = monotonic) -> None:
        """``scoring`` says which weights judge a picture."""
        self._scoring, self._clock = scoring, clock
        self._child: subprocess.Popen[str] | None = None
        self._ready = self._closed = False
        self._used_at = clock()
        self._lock = Lock()

    def start(self) -> None:
        """Somebody is about to hand in a picture: start the child if it does not run. Waits for nothing."""
        if self._lock.acquire(blocking=False):
            try:
                self._running()
                self._used_at = self._clock()
            finally:
                self._lock.release()

    def look(self, picture: Path, um_per_px: float | None, preview: Path) -> PictureLook:
        """Open, judge, and draw the preview. UploadRefusedError says why it cannot be taken, and what to do."""
        task = {"task": "look", "picture": str(picture), "um_per_px": um_per_px, "preview": str(preview)}
        return PictureLook.from_json(self._ask(task, _SECONDS))

    def wrap(self, pictures: Sequence[Path], form: VisitForm, out: Path) -> None:
        """The pictures as DICOM files in ``out``, as ``rheumascore wrap`` makes them. Raises UploadRefusedError."""
        task = {"task": "wrap", "pictures": [str(p) for p in pictures], "form": asdict(form), "out": str(out)}
        self._ask(task, _SECONDS + 10 * len(pictures))

    def rest(self) -> None:
        """End the child when it had nothing to do for a while."""
        if self._clock() - self._used_at > _REST_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the child, whatever it does, for good."""
        self._closed = True
        if (child := self._child) is not None:
            child.kill()
        with self._lock:
            self._end()

    def _ask(self, task: dict[str, Any], seconds: float) -> dict[str, Any]:
        with self._lock:
            for _ in range(_CHILDREN_FOR_A_TASK):
                if self._closed:
                    raise UploadRefusedError("The page is being closed; open it again.", HTTPStatus.SERVICE_UNAVAILABLE)
                child = self._running()
                self._ready = self._ready or bool(_answer(child, "", _START_SECONDS))
                answer = _answer(child, json.dumps(task), seconds) if self._ready else ""
                self._used_at = self._clock()
                if answer:
                    break
                self._end()
            else:
                raise UploadRefusedError(
                    "This picture takes too long or too much memory to be read; export it as JPEG, or smaller, and try "
                    "again."
                )
        said: dict[str, Any] = json.loads(answer)
        if "fault" in said:
            raise UploadRefusedError(said["fault"])
        return said

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            command = [sys.executable, "-W", "ignore", "-m", "core_lab.upload.picture_reader_child"]
            weights = {key: str(folder) for key, folder in self._scoring.weights.items()}
            chosen = json.dumps({"systems": self._scoring.systems, "weights": weights})
            self._child = subprocess.Popen(
                [*command, str(_MEMORY_BYTES), chosen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._used_at = self._clock()
        return self._child

    def _end(self) -> None:
        child, self._child, self._ready = self._child, None, False
        if child is not None:
            child.kill()
            child.communicate()


def _answer(child: subprocess.Popen[str], task: str, seconds: float) -> str:
    """One line, or nothing when the child died or was too late for it; then it is dead. No task: that it is ready."""
    assert child.stdin is not None and child.stdout is not None
    late = Timer(seconds, child.kill)
    late.start()
    try:
        if task:
            child.stdin.write(task + "\n")
            child.stdin.flush()
        return child.stdout.readline()
    except BrokenPipeError:
        return ""
    finally:
        late.cancel()
