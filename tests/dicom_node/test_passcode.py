"""A passcode is known by its hash, and by nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dicom_node.passcode import hash_passcode, is_hash, matches


def test_the_verb_prints_a_hash_that_knows_the_passcode() -> None:
    command = [sys.executable, "-m", "scoring.cli", "config", "hash"]
    done = subprocess.run(command, input="Schlüssel 7\n", capture_output=True, text=True, timeout=60, check=True)
    stored = done.stdout.strip()
    assert is_hash(stored)
    assert matches("Schlüssel 7", stored)
    assert not matches("schlüssel 7", stored)
    assert "Schlüssel" not in done.stdout + done.stderr


def test_the_verb_takes_no_empty_passcode() -> None:
    command = [sys.executable, "-m", "scoring.cli", "config", "hash"]
    done = subprocess.run(command, input="\n", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2


def test_two_hashes_of_one_passcode_differ() -> None:
    assert hash_passcode("same") != hash_passcode("same")


_KEPT = "$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA=="


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "scrypt$16384$8$1",
        "plain",
        "scrypt$16384$8$1$c2FsdA==$aGFzaA==",
        "scrypt$16383$8$1" + _KEPT,
        "scrypt$16384$0$1" + _KEPT,
        "scrypt$16384$8$0" + _KEPT,
        "scrypt$33554432$8$1" + _KEPT,
    ],
)
def test_what_is_no_hash_knows_nobody(stored: str) -> None:
    assert not is_hash(stored)
    assert not matches("", stored)
