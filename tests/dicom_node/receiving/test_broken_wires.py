"""A study on its way to the node through a network that delays, trickles, cuts, resets, swallows and flips bits.

The sender is DCMTK's storescu. What it was told is stored is there once, with the bytes that arrived; nothing
half-written is left; and sending again makes it whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_node.local_files import dataset_digest
from tests.dicom_node.delivery.finished_objects import finished_picture
from tests.dicom_node.receiving.running_node import RunningNode
from tests.foreign_programs.chaos_proxy import ChaosProxy, Fault
from tests.foreign_programs.dcmtk import storescu
from tests.foreign_programs.programs import wait_until

UID = "2.25.21"
PIXELS = bytes(range(200, 251)) + bytes(range(20))
SLOW = {
    "late": Fault(delay=0.2, jitter=0.1),
    "50 kB a second": Fault(bytes_per_second=50_000),
    "byte by byte": Fault(piece_bytes=1),
}
BROKEN = {
    "cut after 1 byte": Fault(cut_after=1),
    "cut after 100 bytes": Fault(cut_after=100),
    "cut after 10,000 bytes": Fault(cut_after=10_000),
    "reset after 10,000 bytes": Fault(cut_after=10_000, reset=True),
    "swallowed from 10,000 bytes on": Fault(swallow_after=10_000),
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.dcm"
    path.write_bytes(finished_picture(UID, side=150).content)
    return path


def send(port: int, image: Path, *options: str) -> bool:
    return storescu(port, image, options=options).returncode == 0


def kept(node: RunningNode) -> list[str]:
    """The digests of what is in ledger and store alike."""
    digests = [row.content_sha256 for row in node.instances]
    assert all(dataset_digest(node.store.instance_path(digest)) == digest for digest in digests)
    return digests


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_wire_only_takes_longer(tmp_path: Path, image: Path, name: str) -> None:
    with RunningNode(tmp_path / "node") as node, ChaosProxy(node.port, SLOW[name]) as wire:
        assert send(wire.port, image)
        assert kept(node) == [dataset_digest(image)]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_wire_leaves_nothing_half_written_and_the_image_comes_again(
    tmp_path: Path, image: Path, name: str
) -> None:
    with RunningNode(tmp_path / "node") as node, ChaosProxy(node.port, BROKEN[name]) as wire:
        assert not send(wire.port, image, "-td", "2", "-ta", "2")
        wait_until("nothing half-written is left", lambda: not node.leftovers)
        assert kept(node) == []
        wire.healthy()
        assert send(wire.port, image)
        assert kept(node) == [dataset_digest(image)]


def test_a_bit_flipped_in_the_uid_of_an_image_is_refused(tmp_path: Path, image: Path) -> None:
    element = b"\x08\x00\x18\x00UI\x08\x00" + UID.encode()
    with RunningNode(tmp_path / "node") as node, ChaosProxy(node.port, Fault(flip_in=element)) as wire:
        assert not send(wire.port, image)
        assert (kept(node), node.leftovers) == ([], [])


def test_a_bit_flipped_in_pixels_is_kept_as_it_came_and_beside_the_whole_image(tmp_path: Path, image: Path) -> None:
    """Nobody can see it come in; when the same instance comes whole, both are kept, and neither is overwritten."""
    with RunningNode(tmp_path / "node") as node, ChaosProxy(node.port, Fault(flip_in=PIXELS)) as wire:
        assert send(wire.port, image)
        [damaged] = kept(node)
        assert damaged != dataset_digest(image)
        wire.healthy()
        assert send(wire.port, image)
        assert kept(node) == [damaged, dataset_digest(image)]
