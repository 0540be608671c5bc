"""Who gets in and who does not: the page as a real process, asked by real requests."""

from __future__ import annotations

import socket
import subprocess
import sys

import psutil
import pytest

from core_lab.web.doorkeeper import allowed_hosts
from dicom_node.settings import WebSection
from tests.core_lab.web.conftest import DELIVERED, FilledNode
from tests.core_lab.web.page_for_tests import PageProcess, write_config
from tests.foreign_programs.programs import stop

PATHS = ("/", f"/studies/{DELIVERED}", "/api/studies", "/static/page.css", "/healthz", "/nowhere")


def test_the_printed_address_lets_in_once_and_leaves_a_guarded_cookie(empty_page: PageProcess) -> None:
    assert empty_page.line == f"open {empty_page.address}/?token={empty_page.token}\n"
    first = empty_page.sign_in()
    assert (first.status, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and empty_page.token not in cookie
    assert empty_page.ask("/").status == 200
    empty_page.cookie = ""
    again = empty_page.sign_in()
    assert again.status == 403 and "used before" in again.text and "set-cookie" not in again.headers


def test_a_prefetch_does_not_use_up_the_token(empty_page: PageProcess) -> None:
    assert empty_page.ask(f"/?token={empty_page.token}", Sec_Purpose="prefetch").status == 403
    assert empty_page.sign_in().status == 303


def test_without_a_session_there_is_only_health_and_style(empty_page: PageProcess) -> None:
    answers = {path: empty_page.ask(path) for path in PATHS}
    allowed = {path for path, answer in answers.items() if answer.status != 403}
    assert allowed == {"/static/page.css", "/healthz"}
    assert "printed when the page started" in answers["/"].text
    assert answers["/api/studies"].headers["content-type"] == "application/json"
    assert answers["/healthz"].text == '{"status":"ok"}'
    assert empty_page.ask("/", Cookie=f"rheumascore_{empty_page.port}=guessed").status == 403
    assert empty_page.ask("/?token=guessed").status == 403
    assert empty_page.ask("//elsewhere.example/?token=" + empty_page.token).headers["location"] == "/"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", ""])
def test_a_foreign_host_header_is_refused(running_page: PageProcess, host: str) -> None:
    for path in PATHS:
        assert running_page.ask(path, Host=host).status == 400


def test_loopback_has_three_names(running_page: PageProcess) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert running_page.ask("/healthz", Host=f"{host}:{running_page.port}").status == 200
    assert allowed_hosts(WebSection("10.0.0.5", 80)) == {"10.0.0.5:80", "10.0.0.5"}


@pytest.mark.parametrize(
    "headers",
    [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://evil.example"},
     {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}],
)  # fmt: skip
def test_what_another_site_started_is_refused(running_page: PageProcess, headers: dict[str, str]) -> None:
    for path in PATHS:
        assert running_page.ask(path, **headers).status == 403
    own = {"Sec_Fetch_Site": "same-origin", "Origin": running_page.address}
    assert running_page.ask("/api/studies", **own).status == 200


def test_nothing_can_be_sent(running_page: PageProcess) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert running_page.ask("/", method=method).status == 405
    assert running_page.ask("/", body=b"x" * 100).status == 413
    assert running_page.ask("/", method="GET", body=b"", Transfer_Encoding="chunked").status == 413


def test_nobody_can_hand_in_pictures_unless_the_settings_say_so(running_page: PageProcess) -> None:
    assert running_page.ask("/upload").status == 404
    assert "/upload" not in running_page.ask("/").text
    for path in ("/api/upload/pictures", "/api/upload/reader", "/api/upload/visit"):
        assert running_page.ask(path, method="POST", body=b"x", Origin=running_page.address).status == 405
    process = psutil.Process(running_page.process.pid)
    assert not any("picture_reader" in word for child in process.children() for word in child.cmdline())
    assert not any("torch" in mapped.path for mapped in process.memory_maps()), "nor are networks loaded for nobody"


def test_every_answer_carries_the_headers_that_keep_it_here(running_page: PageProcess) -> None:
    answers = [running_page.ask(path) for path in PATHS] + [running_page.ask("/", Host="evil.example")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
    assert answers[0].headers["cache-control"] == "no-store"


def test_a_request_that_never_ends_is_hung_up_on(empty_page: PageProcess) -> None:
    with socket.create_connection(("127.0.0.1", empty_page.port), timeout=90) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert half.recv(1000) == b""
    with socket.create_connection(("127.0.0.1", empty_page.port), timeout=90) as large:
        large.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 200_000)
        assert large.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_port_in_use_is_one_line_with_the_remedy(running_page: PageProcess, filled: FilledNode) -> None:
    config = write_config(filled.node.settings)
    command = [sys.executable, "-m", "scoring.cli", "web", "--config", str(config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 1 and second.stdout == ""
    assert second.stderr.startswith(f"RS-302: Port {running_page.port} on 127.0.0.1 is taken")
    assert "node.toml" in second.stderr and second.stderr.count("\n") == 1


def test_sigterm_ends_it_in_peace(empty_page: PageProcess) -> None:
    assert empty_page.ask("/healthz").status == 200
    assert stop(empty_page.process) == 0
    assert empty_page.said == ""
