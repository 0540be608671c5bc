"""Chromium without a window, driven over its DevTools pipe: what a person at the page sees and does."""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from PIL import Image

from tests.foreign_programs.programs import find_program, stop, wait_until

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Chromium:
    """One tab of a browser with a profile folder of its own."""

    def __init__(self, profile: Path, flags: Sequence[str] = ()) -> None:
        """``flags``: further switches of the program."""
        to_browser, from_browser = os.pipe(), os.pipe()
        command = [find_program("chromium", "chromium"), *_FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
        # The pipe's ends must be descriptors 3 and 4 of the browser.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser[0], from_browser[1])]

        def connect() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            command, preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for fd in (to_browser[0], from_browser[1], *ends):
            os.close(fd)
        self._write, self._read = os.fdopen(to_browser[1], "wb"), os.fdopen(from_browser[0], "rb")
        self._number, self._session = 0, ""
        self.complaints: list[str] = []
        """What the browser's console said that is wrong: errors, refused by policy, uncaught exceptions."""
        tab = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        self._write.close()
        self._read.close()

    def size(self, width: int, height: int) -> None:
        """The window's inner size in CSS pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def open(self, address: str) -> None:
        """Go to an address and wait until it has loaded."""
        self._ask("Page.navigate", url=address)
        wait_until(f"{address} is loaded", lambda: self.value("document.readyState") == "complete")

    def carry_cookie(self, address: str, name: str, value: str) -> None:
        """Hold a cookie for an address."""
        self._ask("Network.setCookie", url=address, name=name, value=value, httpOnly=True, sameSite="Lax")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is on the page; promises are awaited."""
        answer = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 90.0) -> Any:
        """Wait until an expression is true, and return it."""
        return wait_until(expression, lambda: self.value(expression), seconds)

    def click(self, at: tuple[float, float], times: int = 1) -> None:
        """Press and release the left button: once, or ``times`` in quick succession."""
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self._ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=count)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the left button, move, release."""
        for kind, (x, y) in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def choose_files(self, field: str, files: Sequence[Path]) -> None:
        """Choose files in a field (an expression), as the dialogue would."""
        found = self._ask("Runtime.evaluate", expression=field)["result"]["objectId"]
        self._ask("DOM.setFileInputFiles", files=[str(file) for file in files], objectId=found)

    def drop_files(self, at: tuple[float, float], files: Sequence[Path]) -> None:
        """Drag files from outside of the browser, and let them go over a place."""
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._ask("Input.dispatchDragEvent", type=kind, x=at[0], y=at[1], data=data)

    def turn_wheel(self, at: tuple[float, float], amount: float) -> None:
        """Turn the wheel over a place; positive is towards oneself."""
        self._ask("Input.dispatchMouseEvent", type="mouseWheel", x=at[0], y=at[1], deltaX=0, deltaY=amount)

    def press(self, key: str) -> None:
        """One key of the keyboard."""
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" and len(key) == 1 else ""
            )

    def screenshot(self) -> Image.Image:
        """What is seen, RGB."""
        answer = self._ask("Page.captureScreenshot", format="png")
        return Image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            answer = self._next_message()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next_message(self) -> dict[str, Any]:
        content = bytearray()
        while (byte := self._read.read(1)) != b"\0":
            if not byte:
                raise AssertionError("chromium ended")
            content += byte
        message: dict[str, Any] = json.loads(content)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    """A fresh browser."""
    with Chromium(tmp_path / "chromium") as browser:
        yield browser
