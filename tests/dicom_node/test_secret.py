"""What is secret in node.toml is shown by nothing: not by repr, a message, a log line, JSON, or a copy of it."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from dicom_node.errors import SettingsError
from dicom_node.secret import Secret
from dicom_node.settings import NodeSettings, read_settings
from tests.foreign_programs.programs import free_port, stop, wait_until

PASSWORD = "Tr0ub4dor-x7"
QUEUE = f'[queue]\nurl = "amqp://node:{PASSWORD}@broker/%2F"\n'
DATABASE = f'[database]\nurl = "postgresql+psycopg://node:{PASSWORD}@database/ledger"\n'


def read(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> NodeSettings:
    path = tmp_path / "node.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, environment or {})


def test_a_secret_is_printed_by_nothing_and_given_by_reveal() -> None:
    secret = Secret(PASSWORD)
    printed = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", "%s %r" % (secret, [secret])]  # noqa: UP031
    assert PASSWORD not in " ".join(printed)
    assert secret.reveal() == PASSWORD
    assert secret == Secret(PASSWORD)
    assert secret != Secret("other")
    assert (bool(secret), bool(Secret())) == (True, False)


def test_a_secret_is_neither_copied_to_another_process_nor_written_as_json() -> None:
    for leave in (pickle.dumps, copy.deepcopy, copy.copy, json.dumps):
        with pytest.raises(TypeError) as refused:
            leave(Secret(PASSWORD))
        assert PASSWORD not in str(refused.value)


def test_settings_show_no_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = read(tmp_path, QUEUE + DATABASE)
    logging.getLogger(__name__).warning("%s %r", settings, {"settings": settings})
    try:
        replace(settings, peers=settings.no_such_section)  # type: ignore[attr-defined]
    except AttributeError as error:
        said = "".join(traceback.format_exception(error))
    assert PASSWORD not in repr(settings) + str(settings) + caplog.text + said
    assert PASSWORD in settings.database_url


def test_settings_that_are_taken_apart_are_refused_before_they_show_it(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        asdict(read(tmp_path, QUEUE))


@pytest.mark.parametrize(
    "text",
    [
        f'[queue]\nurl = "kafka://node:{PASSWORD}@broker"\n',
        f'[queue]\nurl = ["{PASSWORD}"]\n',
        f'[queue]\nurl = "amqp://node:{PASSWORD}@broker:{PASSWORD}/"\n',
        f'[queue]\nulr = "{PASSWORD}"\n',
        f'[database]\nurl = "mysql://node:{PASSWORD}@database"\n',
        f'[database]\nurl = "postgresql+psycopg://node:{PASSWORD}@[database/x"\n',
        f'[database]\nurl = "postgresql+psycopg://{PASSWORD}\n',
        f"[database]\nurl = {PASSWORD}\n",
        f'database = "{PASSWORD}"\n',
    ],
)
def test_a_fault_of_a_secret_names_its_key_and_not_what_it_got(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as faulty:
        read(tmp_path, text)
    assert PASSWORD not in str(faulty.value)
    assert PASSWORD not in "".join(traceback.format_exception(faulty.value))


def test_a_secret_of_digits_comes_from_the_environment_as_it_is_written(tmp_path: Path) -> None:
    """A password ``0012`` or ``1e5`` is no number; a port is."""
    environment = {"RHEUMASCORE__QUEUE__URL": "redis://:0012@broker/0", "RHEUMASCORE__NODE__PORT": "11113"}
    settings = read(tmp_path, "[node]\n", environment)
    assert (settings.queue.url.reveal(), settings.node.port) == ("redis://:0012@broker/0", 11113)
    for name in ("title", "1234"):
        assert read(tmp_path, "[node]\n", {"RHEUMASCORE__NODE__AE_TITLE": name}).node.ae_title == name


def test_a_file_with_a_secret_that_cannot_be_read_is_named_without_it(tmp_path: Path) -> None:
    odd = tmp_path / "secret"
    odd.write_bytes(PASSWORD.encode() + b"\xff")
    with pytest.raises(SettingsError, match="RHEUMASCORE__QUEUE__URL_FILE: the file it names cannot be read") as faulty:
        read(tmp_path, "[node]\n", {"RHEUMASCORE__QUEUE__URL_FILE": str(odd)})
    assert PASSWORD not in str(faulty.value)


def test_a_worker_that_cannot_reach_its_broker_shows_no_password(tmp_path: Path) -> None:
    """Neither in its log nor among its arguments, which everybody on the machine may read."""
    config, secret, log = tmp_path / "node.toml", tmp_path / "secret", tmp_path / "log"
    config.write_text('[node]\ndata_dir = "data"\n', encoding="utf-8")
    secret.write_text(f"amqp://node:{PASSWORD}@127.0.0.1:{free_port()}//\n", encoding="utf-8")
    command = [sys.executable, "-m", "scoring.cli", "worker", "--queue", "delivery", "--config", str(config)]
    environment = os.environ | {"RHEUMASCORE__QUEUE__URL_FILE": str(secret)}
    with log.open("wb") as output:
        worker = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        wait_until("it says that its broker is away", lambda: b"Cannot connect" in log.read_bytes(), 60)
        assert PASSWORD not in " ".join(psutil.Process(worker.pid).cmdline())
    finally:
        stop(worker)
    assert PASSWORD.encode() not in log.read_bytes()
