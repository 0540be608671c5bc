"""What lies in docker/ names what there is: verbs, settings, packages, stages; and nothing runs as root.

Images are not built here: that needs the network.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from scoring.cli import build_app

HOUSE = Path(__file__).parents[2]
DOCKER = HOUSE / "docker"
COMPOSE_FILES = ("compose.yaml", "compose.servers.yaml")


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text(encoding="utf-8"))["services"]
    return found


def ours(name: str) -> dict[str, Any]:
    """The containers that are built here."""
    return {key: service for key, service in services(name).items() if "build" in service}


def instructions(word: str) -> list[str]:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.removeprefix(f"{word} ") for line in text.splitlines() if line.startswith(f"{word} ")]


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_every_container_of_ours_runs_a_verb_with_few_rights(name: str) -> None:
    stages = {line.rpartition(" AS ")[2] for line in instructions("FROM")}
    verbs = set(get_command(build_app()).commands)  # type: ignore[attr-defined]  # a group
    for key, service in ours(name).items():
        assert service["build"]["target"] in stages, key
        assert (HOUSE / "docker" / service["build"]["context"] / service["build"]["dockerfile"]).is_file(), key
        assert service.get("command", ["run"])[0] in verbs, key
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], key
        assert service["user"] == "10001:10001" and service["security_opt"] == ["no-new-privileges:true"], key
        assert service["mem_limit"] and service["pids_limit"], key


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_only_dicom_is_published_beyond_the_machine(name: str) -> None:
    published = [port for service in services(name).values() for port in service.get("ports", [])]
    beyond = [port for port in published if not port.startswith("127.0.0.1:")]
    assert [port.rpartition(":")[2] for port in beyond] == ["11112"]
    assert len(published) == 2


def test_the_settings_are_right_in_the_container(tmp_path: Path) -> None:
    # given: what the image and the compose file set
    said = dict(pair.split("=", 1) for line in instructions("ENV") for pair in line.split())
    of_image = {key: value for key, value in said.items() if key.startswith("RHEUMASCORE__")}
    assert of_image
    for secret in ("database_url", "queue_url"):
        (tmp_path / secret).write_text(
            "amqp://u:p@queue//" if secret == "queue_url" else "postgresql+psycopg://u:p@d/r"
        )
    of_part = services("compose.servers.yaml")["listener"]["environment"]
    of_part = {key: value.replace("/run/secrets", str(tmp_path)) for key, value in of_part.items()}
    environment = os.environ | of_image | of_part | {"RHEUMASCORE__NODE__DATA_DIR": str(tmp_path)}
    # when: they are checked with the settings file
    program = [sys.executable, "-m", "scoring.cli", "config", "check", str(DOCKER / "node.toml")]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    # then
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_holds_every_package_of_the_wheel() -> None:
    wheel = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    copied = {line.split()[0] for line in instructions("COPY") if not line.startswith("--")}
    assert set(wheel["wheel"]["packages"]) <= copied
    let_in = {line[1:] for line in (HOUSE / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {path.split("/")[0] for line in instructions("COPY") if not line.startswith("--")
            for path in line.split()[:-1]} <= let_in  # fmt: skip


def test_everybody_waits_longer_than_the_node_drains() -> None:
    unit = (DOCKER / "rheumascore.service").read_text(encoding="utf-8")
    waits = [int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0])]
    waits += [int(service["stop_grace_period"][:-1]) for name in COMPOSE_FILES for service in ours(name).values()]
    assert min(waits) > 30
