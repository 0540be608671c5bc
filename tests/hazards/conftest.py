"""One listener for all attacks: each must leave it as it was for the next."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dicom_node.receiving.raw_sender import AC
from tests.hazards.attacked_node import SUCCESS, AttackedNode
from tests.hazards.slow_peers import SlowPeers

LIMITS = """
free_disk_bytes = 1000000
instance_bytes = 67108864
"""


@pytest.fixture(scope="package")
def listener(tmp_path_factory: pytest.TempPathFactory, slow_peers: SlowPeers) -> Iterator[AttackedNode]:
    """Started after the slow peers: their time runs while the other attacks are made."""
    node = AttackedNode(tmp_path_factory.mktemp("attacked"), limits=LIMITS)
    try:
        node.start()
        yield node
        assert node.stop() == 0, "after all of it, it still stops as told"
    finally:
        node.kill()


@pytest.fixture
def node(listener: AttackedNode, request: pytest.FixtureRequest) -> Iterator[AttackedNode]:
    """The attacked node. An association that was there before must live through the attack undisturbed."""
    began = time.monotonic()
    listener.forget_peak()
    with listener.sender("HONEST") as beside:
        assert beside.associate().kind == AC
        yield listener
        assert beside.echo().status == SUCCESS
        assert beside.store_one() == SUCCESS
        beside.end()
    listener.assert_unharmed()
    if figures := os.environ.get("HAZARD_FIGURES"):
        with Path(figures).open("a") as file:
            peak = max(0, listener.peak_memory) / 1e6
            file.write(f"{request.node.name}\t{time.monotonic() - began:.1f} s\t{peak:.1f} MB\n")


@pytest.fixture(scope="package")
def slow_peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowPeers]:
    """Started before the first test, judged when their time is over."""
    peers = SlowPeers(tmp_path_factory.mktemp("slow"))
    try:
        with peers:
            yield peers
    finally:
        peers.node.kill()
