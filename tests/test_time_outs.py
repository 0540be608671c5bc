"""Nobody waits for ever: each call that waits for somebody else has a time-out, or stands here with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_house import ROOT, source_files

TIME_OUT = {
    "create_connection": ("timeout", 1),
    "urlopen": ("timeout", 2),
    "HTTPConnection": ("timeout", None),
    "HTTPSConnection": ("timeout", None),
    "SMTP": ("timeout", None),
    "SMTP_SSL": ("timeout", None),
    "sqlite3.connect": ("timeout", 1),
    "create_engine": ("connect_args", None),
    "Redis": ("socket_timeout", None),
    "subprocess.run": ("timeout", None),
    "check_output": ("timeout", None),
    ".communicate": ("timeout", 1),
    ".associate": ("", None),
    ".accept": ("", None),
    "Celery": ("", None),
    "socket.socket": ("", None),
}
"""Calls that wait for somebody else, by the end of their name (of methods with a dot): the keyword, or the place of the
argument, that says how long. Without either: each is looked at by hand."""

LOOKED_AT = {
    ("dicom_node/ledger/engines.py", "create_engine"): "patient_postgresql.py ends each wait on the server",
    ("dicom_node/backup/ledger_copy.py", "sqlite3.connect"): "a new file of its own, which nobody else opens",
    (
        "dicom_node/delivery/association_to_peer.py",
        ".associate",
    ): "its entity has all four time-outs (tested below)",
    ("dicom_node/queue/celery_app.py", "Celery"): "tests/dicom_node/queue/test_celery_app.py: every wait on a broker",
    ("dicom_node/demo_site.py", "socket.socket"): "only binds, to find free ports",
    ("dicom_node/health.py", "socket.socket"): "only binds, to see whether a port is free",
    ("dicom_node/receiving/association_guard.py", "socket.socket"): "the port itself: it waits for callers",
    ("dicom_node/receiving/association_guard.py", ".accept"): "the port itself; what it accepted has deadlines",
    ("core_lab/upload/picture_reader.py", ".communicate"): "of a child that was killed on the line above",
    ("core_lab/web/server.py", "socket.socket"): "the page's port itself: it waits for callers",
}

FOUR = {"connection_timeout", "acse_timeout", "dimse_timeout", "network_timeout"}
"""Of pynetdicom's entity; its own connection_timeout is none."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The full name of what is called, as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def waits(name: str) -> str | None:
    """The entry of TIME_OUT for a call."""
    return next((entry for entry in TIME_OUT if name == entry or name.endswith(f".{entry.removeprefix('.')}")), None)


def without_time_out() -> set[tuple[str, str]]:
    found = set()
    for path in source_files():
        for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if (entry := waits(name)) is None:
                continue
            keyword, place = TIME_OUT[entry]
            given = any(k.arg == keyword for k in call.keywords) or (place is not None and len(call.args) > place)
            if not given:
                found.add((path.relative_to(ROOT).as_posix(), entry))
    return found


def test_every_wait_for_somebody_else_has_a_time_out_or_a_reason() -> None:
    assert without_time_out() == set(LOOKED_AT)


def test_a_call_without_one_is_found() -> None:
    name, call = next(calls(ast.parse("urllib.request.urlopen(address)")))
    assert (waits(name), call.keywords, waits("reassociate")) == ("urlopen", [], None)


def test_an_entity_of_pynetdicom_is_made_in_one_place_only_and_has_all_four() -> None:
    made = {
        path.relative_to(ROOT).as_posix(): set[str]()
        for path in source_files()
        if any(name in ("AE", "_Requestor") for name, _ in calls(ast.parse(path.read_text(encoding="utf-8"))))
    }
    for name in made:
        tree = ast.parse(Path(ROOT / name).read_text(encoding="utf-8"))
        made[name] = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in FOUR}
    assert list(made) == ["dicom_node/delivery/association_to_peer.py"]
    assert made["dicom_node/delivery/association_to_peer.py"] == FOUR
