"""pynetdicom's reactor must stand still while we wait for an answer, or it takes the answer."""

from __future__ import annotations

import sys
import threading
import time

from dicom_node.delivery.reactor_stop import ReactorStop


def test_a_stopped_reactor_makes_no_further_turn() -> None:
    stop, turns, ending = ReactorStop(), [0], threading.Event()

    def reactor() -> None:
        while not ending.is_set():
            stop.wait()
            time.sleep(0.0005)  # descheduled between its look at the flag and its look at the messages
            turns[0] += 1

    thread = threading.Thread(target=reactor, daemon=True)
    thread.start()
    for _ in range(100):
        stop.stop(thread.is_alive)
        before = turns[0]
        time.sleep(0.002)
        assert turns[0] == before
        stop.set()
    ending.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_reactor_that_is_gone_holds_nobody() -> None:
    ReactorStop().stop(lambda: False)


def test_stopping_at_any_moment_of_its_turn_comes_to_an_end() -> None:
    """Once the stop came between the reactor's look at the flag and its wait, and waited for ever."""
    stop, ending = ReactorStop(), threading.Event()

    def reactor() -> None:
        while not ending.is_set():
            stop.wait()

    def stop_and_go() -> None:
        for _ in range(20_000):
            stop.stop(thread.is_alive)
            stop.set()
        ending.set()

    thread = threading.Thread(target=reactor, daemon=True)
    stopping = threading.Thread(target=stop_and_go, daemon=True)
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        stopping.start()
        stopping.join(200)
    finally:
        sys.setswitchinterval(often)
    assert not stopping.is_alive()
