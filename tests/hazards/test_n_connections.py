"""Hazards N01, N02, N13, N18, N19: connections without a request. None keeps an honest sender out."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.dicom_node.receiving.raw_sender import AC, pdu
from tests.hazards.attacked_node import SUCCESS, AttackedNode


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def open_sockets(node: AttackedNode, count: int, opened: ExitStack) -> None:
    for _ in range(count):
        opened.enter_context(socket.create_connection(("127.0.0.1", node.port)))


@pytest.mark.parametrize("count", [1, 11, 200])
def test_n01_n02_idle_sockets_keep_nobody_out(node: AttackedNode, sockets: ExitStack, count: int) -> None:
    before = sum(node.measured.cpu_times()[:2])
    open_sockets(node, count, sockets)
    assert node.serves()
    assert sum(node.measured.cpu_times()[:2]) - before < 2, "waiting costs no processor"


def test_n01_two_hundred_sockets_while_an_honest_peer_sends_a_study(node: AttackedNode, sockets: ExitStack) -> None:
    with node.sender("HONEST") as honest:
        assert honest.associate().kind == AC
        for _ in range(20):
            open_sockets(node, 10, sockets)
            assert honest.store_one() == SUCCESS
            assert node.serves(), "a new association, too"
        honest.end()


def test_n13_a_thousand_looks_at_the_port(node: AttackedNode) -> None:
    logged = len(node.events("association_ended"))
    for _ in range(1000):
        socket.create_connection(("127.0.0.1", node.port)).close()
    assert node.serves()
    assert len(node.events("association_ended")) < logged + 50, "a look is no news"


def test_n18_eleven_hundred_sockets(node: AttackedNode, sockets: ExitStack) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("this user may not open so many sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    sockets.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    open_sockets(node, 1100, sockets)
    assert node.serves()
    assert node.measured.num_fds() < 200, "what is over the cap is given back at once"


@pytest.mark.parametrize("times", [12, 200])
def test_n19_malformed_requests_closed_at_once(node: AttackedNode, times: int) -> None:
    for _ in range(times):
        with socket.create_connection(("127.0.0.1", node.port)) as malformed:
            malformed.sendall(pdu(1, bytes(100)))
    assert node.serves()


def test_n13_connections_that_are_reset(node: AttackedNode) -> None:
    linger = b"\x01\0\0\0\0\0\0\0"  # close sends RST
    for said in (b"", b"\x01", pdu(1, bytes(30))[:20]):
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", node.port)) as reset:
                reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                reset.sendall(said)
    assert node.serves()


def test_n01_sockets_that_trickle_in_beside_honest_work(node: AttackedNode, sockets: ExitStack) -> None:
    end = time.monotonic() + 3
    while time.monotonic() < end:
        open_sockets(node, 5, sockets)
        assert node.serves()
