"""What honest senders notice while somebody holds 200 sockets open, and opens each anew as soon as it is closed.

    python -m benchmarks.under_attack [--seconds 30] [--sockets 200]

One association, established before, asks for an echo and stores an instance in turn; others come new: a request, an
echo, a release. First without the attack, then with it, in one run; the same is tried with Orthanc and DCMTK's
storescp. The attacker's sockets say nothing, or begin a request and never end it, or send a byte now and then, or
garbage. Milliseconds: median, 99 %, the longest; and how many were not answered.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import platform
import random
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Final

from benchmarks.durable_receive import receiver
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import AC, VERIFICATION, RawSender, associate_request

_SECONDS: Final = 5.0
"""How long an honest sender waits for an answer."""
_REQUEST: Final = associate_request((CR, ("1.2.840.10008.1.2.1",)), calling="ATTACKER")


@contextmanager
def attack(port: int, sockets: int) -> Iterator[None]:
    """So many sockets held open by a process of its own, each opened anew when it is closed."""
    attacker = multiprocessing.get_context("spawn").Process(target=_attack, args=(port, sockets), daemon=True)
    attacker.start()
    sleep(2.0)
    yield
    attacker.kill()
    attacker.join()


def _attack(port: int, sockets: int) -> None:
    dice = random.Random(1)
    held: list[socket.socket | None] = [None] * sockets
    while True:
        for place, one in enumerate(held):
            if one is None or _is_closed(one):
                held[place] = _open(port, dice)
            elif dice.random() < 0.05:
                with suppress(OSError):
                    one.send(b"\0")
        sleep(0.05)


def _open(port: int, dice: random.Random) -> socket.socket | None:
    first = dice.choice((b"", _REQUEST[:1], _REQUEST[:-1], dice.randbytes(200)))
    try:
        made = socket.create_connection(("127.0.0.1", port), timeout=0.2)
        made.sendall(first)
        made.setblocking(False)
    except OSError:
        return None
    return made


def _is_closed(one: socket.socket) -> bool:
    try:
        return one.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Waits:
    """How long each act of one kind took."""

    def __init__(self, what: str) -> None:
        self.what, self.milliseconds, self.unanswered = what, list[float](), 0

    def of(self, act: Callable[[], bool]) -> bool:
        """Do it; False when there was no answer."""
        began = monotonic()
        try:
            answered = act()
        except OSError:
            answered = False
        if answered:
            self.milliseconds.append(1000 * (monotonic() - began))
        else:
            self.unanswered += 1
        return answered

    def __str__(self) -> str:
        times = self.milliseconds
        if len(times) < 2:
            return f"{self.what:12} {len(times)} answered, {self.unanswered} not"
        hundredth = quantiles(times, n=100, method="inclusive")[-1]
        numbers = f"{median(times):8.1f} {hundredth:8.1f} {max(times):8.1f}"
        return f"{self.what:12} {numbers}   {len(times)} answered, {self.unanswered} not"


def main() -> None:
    """Measure each receiver, calm and attacked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--sockets", type=int, default=200)
    asked = parser.parse_args()
    for name in ("ours", "Orthanc", "storescp --fork"):
        for sockets in (0, asked.sockets):
            with tempfile.TemporaryDirectory() as folder, receiver(name, Path(folder)) as (port, called):
                print(f"{name}, {sockets} sockets of an attacker", flush=True)
                for waits in _measure(port, called, sockets, asked.seconds):
                    print(f"    {waits}", flush=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")


def _measure(port: int, called: str, sockets: int, seconds: float) -> tuple[Waits, ...]:
    echo, store, new = Waits("echo"), Waits("store"), Waits("new")
    with _association(port, called) as established, attack(port, sockets) if sockets else nullcontext():
        end = monotonic() + seconds
        newcomers = threading.Thread(target=_come_new, args=(port, called, new, end))
        newcomers.start()
        for turn in itertools.count():
            if monotonic() > end or not _ask(established, echo, store, turn):
                break
            sleep(0.05)
        newcomers.join()
    return echo, store, new


def _ask(established: RawSender, echo: Waits, store: Waits, turn: int) -> bool:
    if turn % 2:
        return echo.of(lambda: established.echo().kind != 0)
    ds = radiograph()
    data_set = encoded(ds)
    return store.of(lambda: established.store(CR, ds.SOPInstanceUID, data_set).kind != 0)


def _come_new(port: int, called: str, new: Waits, end: float) -> None:
    def once() -> bool:
        with _association(port, called) as sender:
            return sender.echo().kind != 0

    while monotonic() < end:
        new.of(once)
        sleep(0.1)


@contextmanager
def _association(port: int, called: str) -> Iterator[RawSender]:
    contexts = ((CR, ("1.2.840.10008.1.2.1",)), (VERIFICATION, ("1.2.840.10008.1.2.1",)))
    with RawSender(port, seconds=_SECONDS) as sender:
        if sender.associate(*contexts, called=called).kind != AC:
            raise ConnectionError("no association")
        yield sender


if __name__ == "__main__":
    main()
