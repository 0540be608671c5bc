"""The page under requests that no browser makes: half-sent, endless, out of the folder; nobody in, nobody kept out."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from core_lab.access import Access
from core_lab.web.app import create_app
from core_lab.web.doorkeeper import Doorkeeper
from dicom_node.settings import NodeSection, NodeSettings
from tests.core_lab.web.page_for_tests import PageProcess

_MEGABYTE = 1 << 20


def raw(page: PageProcess, request: bytes) -> bytes:
    """What comes back to these very bytes, until the page closes."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while part := connection.recv(65_536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def test_two_hundred_half_sent_requests_keep_nobody_out_and_are_hung_up_on(empty_page: PageProcess) -> None:
    with ExitStack() as held:
        halves = []
        for _ in range(200):
            half = held.enter_context(socket.create_connection(("127.0.0.1", empty_page.port), timeout=60))
            half.sendall(b"GET / HTTP/1.1\r\nHost: ")
            halves.append(half)
        assert empty_page.ask("/healthz").status == 200, "served while they wait"
        for half in halves:
            try:
                assert half.recv(1000) == b""
            except ConnectionResetError:
                continue
    assert empty_page.sign_in().status == 303


def test_a_body_without_end_is_refused_at_its_head(empty_page: PageProcess) -> None:
    """256 MB claimed and sent: the page answers at once, reads none of it, and stays as large as it was."""
    process = psutil.Process(empty_page.process.pid)
    empty_page.ask("/healthz")
    before = process.memory_info().rss
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{empty_page.port}\r\nContent-Length: {256 * _MEGABYTE}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", empty_page.port), timeout=60) as connection:
        connection.sendall(head.encode())
        sent = 0
        try:
            while sent < 256:
                connection.sendall(bytes(_MEGABYTE))
                sent += 1
        except OSError:
            pass
        assert sent < 256, "it was taken whole"
    assert process.memory_info().rss < before + 50 * _MEGABYTE
    assert empty_page.ask("/healthz").status == 200


OUTSIDE = [
    "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2f%2e%2e%2faccess.py",
    "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/..\\app.py", "/static/page.css%00.py",
    "/static/../../../../../../etc/passwd", "//etc/passwd", "/studies/../../etc/passwd", "/studies/%2e%2e%2fnode.toml",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_address_leaves_the_folder_of_static_files(running_page: PageProcess, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running_page.port}\r\nConnection: close\r\n"
    for cookie in ("", f"Cookie: {running_page.cookie}\r\n"):
        answer = raw(running_page, f"{head}{cookie}\r\n".encode())
        status = int(answer.split(b" ", 2)[1])
        assert status in (400, 403, 404), answer[:200]
        assert b"root:" not in answer and b"import annotations" not in answer and b"[node]" not in answer


BROKEN = [
    b"\x00" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), b"GET\r\n\r\n", b"\r\n" * 50,
    b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"a=b; " * 2000 + b"\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_broken_request_is_refused_and_the_next_is_served(running_page: PageProcess, number: int) -> None:
    with socket.create_connection(("127.0.0.1", running_page.port), timeout=60) as connection:
        connection.sendall(BROKEN[number])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)
    assert not answer or int(answer.split(b" ", 2)[1]) in (400, 403, 405), answer
    assert b"Traceback" not in answer
    assert running_page.ask("/healthz").status == 200


def test_every_route_asks_for_a_session(tmp_path: Path) -> None:
    """The table of routes itself: a new page cannot be forgotten."""
    door = create_app(NodeSettings(node=NodeSection(data_dir=tmp_path)), Access())
    assert isinstance(door, Doorkeeper)
    table = door._app.openapi()["paths"]  # type: ignore[attr-defined]  # of the application behind the door
    assert {"/", "/studies/{uid}", "/api/studies", "/healthz"} <= set(table)
    assert {method for methods in table.values() for method in methods} == {"get"}
    assert {path for path in table if not door.asks_for_session(path)} == {"/healthz"}
    assert door.asks_for_session("/static") and not door.asks_for_session("/static/page.css")
