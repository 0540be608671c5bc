"""A dead owner of a lease is told from a living one, and from one on another machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dicom_node.ledger.lease_owner import is_gone, lease_owner, process_prefix

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is known of a process")


def test_we_live() -> None:
    owner = lease_owner()
    assert owner.startswith(process_prefix(os.getpid()))
    assert len(owner) <= 80
    assert not is_gone(owner)


def test_a_process_that_ended_is_gone_also_before_its_parent_noticed() -> None:
    code = "from dicom_node.ledger.lease_owner import lease_owner; print(lease_owner())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        owner = child.stdout.read().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)


def test_a_pid_that_is_used_again_is_another_owner() -> None:
    prefix, token = lease_owner().rsplit(":", 1)
    start, thread = token.split("-")
    assert is_gone(f"{prefix}:{int(start) - 1}-{thread}")


def test_of_another_machine_nothing_is_known() -> None:
    assert not is_gone("elsewhere:1:5-5")
    assert not is_gone("")
