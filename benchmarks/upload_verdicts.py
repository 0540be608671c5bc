"""How soon the upload page says of a picture whether it can be read: sixteen of a phone, as its own script sends them.

    python -m benchmarks.upload_verdicts [--visits 3]

A page process of its own, on this machine; two pictures of twelve megapixels are under way at a time, as in a browser.
Seconds run from the last byte of a picture to the verdict; memory is the peak of the page and of its reading child. The
first picture comes at once with the page, as no person's does; then, at another page, when its reader has come to rest.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.at_rest import wait_until_at_rest
from benchmarks.peak_memory import peaks_below
from benchmarks.phone_pictures import write_phone_visit
from dicom_node.demo_site import free_ports

_AT_A_TIME: Final = 2
"""As static/upload.js."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=3, help="of sixteen pictures each")
    visits = parser.parse_args().visits
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        taken = [write_phone_visit(folder / str(seed), seed)[0] for seed in range(9000, 9000 + visits)]
        first = taken[0].pop(0)
        with _running_page(folder / "first") as page:
            at_once = page.verdict(first)
        with _running_page(folder / "second") as page, ThreadPoolExecutor(_AT_A_TIME) as browser:
            ready = page.ready()
            later = page.verdict(first)
            seconds = [s for pictures in taken for s in browser.map(page.verdict, pictures)]
            memory = page.memory()
        size = median(path.stat().st_size for pictures in taken for path in pictures) / 1e6
    print(f"{len(seconds)} pictures of 12 megapixels, {size:.1f} MB each, {_AT_A_TIME} at a time")
    print(f"the first one, in the moment in which the page is opened: {at_once:.2f} s")
    print(f"the page's reader is ready after {ready:.1f} s; the first one then: {later:.2f} s")
    print(f"last byte to verdict: median {median(seconds):.2f} s, longest {max(seconds):.2f} s")
    print(f"peak memory: {memory}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")


class _Page:
    """A running page, signed in to."""

    def __init__(self, process: subprocess.Popen[str], port: int, cookie: str) -> None:
        self._process, self._port, self._cookie = process, port, cookie
        self._opened = time.perf_counter()

    def verdict(self, picture: Path) -> float:
        """Hand one in; seconds from its last byte to the verdict."""
        content = picture.read_bytes()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)
        headers = {"Cookie": self._cookie, "Origin": f"http://127.0.0.1:{self._port}"}
        connection.request("POST", f"/api/upload/pictures?name={picture.name}", content, headers)
        sent = time.perf_counter()
        answer = connection.getresponse()
        said = json.loads(answer.read())
        seconds = time.perf_counter() - sent
        connection.close()
        assert answer.status == 200 and "fit" in said, said
        return seconds

    def ready(self) -> float:
        """Wait until the networks are loaded; seconds since the page was opened."""
        wait_until_at_rest(self._process.pid)
        return time.perf_counter() - self._opened

    def memory(self) -> str:
        """Peak resident memory of the page and of its reading child."""
        return ", ".join(f"{words} {peak} MiB" for words, peak in peaks_below(self._process.pid))


@contextmanager
def _running_page(folder: Path) -> Iterator[_Page]:
    (port,) = free_ports(1)
    folder.mkdir()
    config = folder / "node.toml"
    config.write_text(
        f'[node]\ndata_dir = "{folder / "data"}"\n[web]\nport = {port}\n[upload]\non = true\npictures = 200\n'
        '[scoring]\nsystems = ["nailfold"]\naccept_demonstration_weights = true\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "scoring.cli", "web", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = next(line for line in process.stdout if "/upload" in line).split()[-1]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", address.partition(str(port))[2])
            cookie = (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
            connection.close()
            connection.request("GET", "/upload", headers={"Cookie": cookie})
            opened = connection.getresponse()
            assert opened.status == 200, opened.read()
            connection.close()
            yield _Page(process, port, cookie)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
