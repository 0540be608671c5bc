"""Hazards D08 to D10, N16: deep, wide, large, and without end. Memory stays flat, time is bounded."""

from __future__ import annotations

import struct

import pytest

from tests.dicom_node.receiving.instances import CR
from tests.dicom_node.receiving.raw_sender import store_command
from tests.foreign_programs.programs import wait_until
from tests.hazards.attacked_node import SUCCESS, AttackedNode
from tests.hazards.raw_instance import ITEM, PIXEL_DATA, SEQUENCE_END, UNDEFINED, RawInstance, element, nested

_MEGABYTE = 1 << 20
_SEQUENCE = 0x00081110


def with_sequence(whole: bytes) -> RawInstance:
    return RawInstance().put_bytes(_SEQUENCE, whole)


@pytest.mark.parametrize("depth", [65, 250, 1000, 10_000, 200_000])
def test_d09_sequences_nested_too_deep_are_refused(node: AttackedNode, depth: int) -> None:
    instance = with_sequence(nested(depth))
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, instance.uid, instance.data_set)
        assert (answer.status, answer.comment) == (0xC000, "sequences nested deeper than 64")
        sender.end()
    assert node.peak_memory < 20 * _MEGABYTE


def test_d09_sixty_four_are_taken(node: AttackedNode) -> None:
    instance = with_sequence(nested(64))
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set).status == SUCCESS
        sender.end()


def test_d10_four_hundred_thousand_elements_are_refused(node: AttackedNode) -> None:
    many = b"".join(element(0x00090010 + n, "LO", b"") for n in range(240)) + b"".join(
        element((0x000B + 2 * (n // 60_000)) << 16 | n % 60_000 + 0x1000, "LO", b"ab") for n in range(400_000)
    )
    instance = RawInstance().put_bytes(0x00090010, many)
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, instance.uid, instance.data_set, piece=100_000)
        assert (answer.status, answer.comment) == (0xC000, "more than 200000 elements")
        sender.end()
    assert node.peak_memory < 20 * _MEGABYTE


def test_d10_four_hundred_thousand_empty_items_are_refused(node: AttackedNode) -> None:
    items = element(_SEQUENCE, "SQ", (ITEM + bytes(4)) * 400_000 + SEQUENCE_END, UNDEFINED)
    instance = with_sequence(items)
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set, piece=100_000).status == 0xC000
        sender.end()


def test_d08_a_private_element_of_fifty_megabytes_is_kept_in_flat_memory(node: AttackedNode) -> None:
    instance = RawInstance().put_element(0x00090010, "LO", b"MAKER ").put_element(0x00091001, "OB", bytes(50_000_000))
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set, piece=100_000).status == SUCCESS
        sender.end()
    assert node.peak_memory < 20 * _MEGABYTE


@pytest.mark.parametrize("claims", [70_000_000, 1 << 31, 0xFFFFFFFE])
def test_d08_an_element_that_claims_more_than_an_instance_may_have(node: AttackedNode, claims: int) -> None:
    instance = RawInstance().put_element(PIXEL_DATA, "OW", bytes(1000), claims)
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, instance.uid, instance.data_set)
        assert (answer.status, answer.comment) == (0xA700, "the instance is larger than this node takes")
        sender.end()


def endless_ones(node: AttackedNode) -> int:
    return sum(line["how"] == "an instance without end" for line in node.events("association_ended"))


ENDLESS = {
    "fragments": (element(PIXEL_DATA, "OB", b"", UNDEFINED), ITEM + struct.pack("<L", 100_000) + bytes(100_000)),
    "items": (element(0x7FE1_1010, "SQ", b"", UNDEFINED), (ITEM + bytes(4)) * 12_000),
    "one value": (element(0x7FE1_1010, "OB", b"", 1 << 30), bytes(100_000)),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_n16_an_instance_without_end_is_refused_and_cut(node: AttackedNode, kind: str) -> None:
    beginning, more = ENDLESS[kind]
    instance, before = RawInstance().without("PixelData"), endless_ones(node)
    with node.sender() as endless:
        endless.associate()
        endless.send_command(store_command(CR, instance.uid))
        endless.send_data(instance.data_set + beginning, last=False)
        with pytest.raises(OSError):
            for _ in range(2000):
                endless.send_data(more, last=False)
    wait_until("it is told in the log", lambda: endless_ones(node) == before + 1)
    assert node.peak_memory < 20 * _MEGABYTE
