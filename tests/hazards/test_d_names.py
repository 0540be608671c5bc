"""Hazards D01 to D03: names that are no names, and names that disagree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dicom_node.receiving.instances import CR
from tests.dicom_node.receiving.raw_sender import EXPLICIT
from tests.hazards.attacked_node import SUCCESS, AttackedNode
from tests.hazards.raw_instance import ITEM, RawInstance, element

HOSTILE_NAMES = [
    "../../x",
    "/tmp/x",
    "..",
    ".",
    ".1.2",
    "....//....//etc/passwd",
    "1.2.3/../../x",
    "1.2.3\\..\\x",
    "C:\\x",
    "CON",
    "1.2.3\x00.4",
    "1.2.3\n4",
    "1.2.3 4",
    "1.2.3;rm -rf",
    "$(id)",
    "`id`",
    "%s%n",
    "%2e%2e%2f",
    "1.2.3' OR '1'='1",
    "<script>",
    "-rf",
    "~root",
    "1.2.x",
    "１.２",
    "1." + "2" * 63,
    "1." * 500,
    "9" * 4000,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: repr(name[:20]))
def test_d01_a_name_that_is_no_uid_is_refused(node: AttackedNode, name: str) -> None:
    name = name.encode().decode("latin-1")
    before = outside(node)
    with node.sender() as sender:
        sender.associate()
        instance = RawInstance().put("SOPInstanceUID", name[:60_000])
        answer = sender.store(CR, name, instance.data_set)
        assert answer.status == 0x0117
        assert answer.comment == "SOP Instance UID is not 1 to 64 digits and dots"
        sender.end()
    assert outside(node) == before


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("name", ["../../x", "..", "/tmp/x", "1." + "2" * 63, "1.2\\1.3", "1.2.3; DROP TABLE studies"])
def test_d01_a_study_or_series_that_is_no_uid_is_refused(node: AttackedNode, keyword: str, name: str) -> None:
    before = outside(node)
    with node.sender() as sender:
        sender.associate()
        instance = RawInstance().put(keyword, name)
        assert sender.store(CR, instance.uid, instance.data_set).status == 0xA900
        sender.end()
    assert outside(node) == before


def outside(node: AttackedNode) -> set[Path]:
    """Files at the places that the names point to, and all that the node did not name itself."""
    ours = {node.data_dir / folder for folder in ("incoming", "instances", "content")}
    inside = {path for path in node.folder.rglob("*") if not ours & set(path.parents)}
    return inside | set(node.folder.parent.iterdir()) | {path for path in Path("/tmp").iterdir() if path.name == "x"}


@pytest.mark.parametrize("name", ["", "\0\0", "  "])
def test_d02_an_empty_instance_uid_is_refused_at_once(node: AttackedNode, name: str) -> None:
    with node.sender() as sender:
        sender.associate()
        instance = RawInstance().put("SOPInstanceUID", name)
        assert sender.store(CR, name, instance.data_set).status == 0x0117
        sender.end()


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("SOPClassUID", "08001600"),
        ("SOPInstanceUID", "08001800"),
        ("StudyInstanceUID", "20000d00"),
        ("SeriesInstanceUID", "20000e00"),
    ],
)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_d02_a_uid_that_is_missing_is_named(node: AttackedNode, keyword: str, tag: str, how: str) -> None:
    instance = RawInstance()
    instance = instance.without(keyword) if how == "absent" else instance.put(keyword, "")
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, instance.uid, instance.data_set)
        assert answer.status == 0xA900
        assert answer.elements[0x0901] == bytes.fromhex(tag), "Offending Element"
        sender.end()


def test_d02_uids_inside_a_sequence_are_not_those_of_the_instance(node: AttackedNode) -> None:
    inner = element(0x0020000D, "UI", b"1.2.3\0")
    item = ITEM + len(inner).to_bytes(4, "little") + inner
    instance = RawInstance().without("StudyInstanceUID").put_element(0x00081110, "SQ", item)
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set).status == 0xA900
        sender.end()


def test_d03_command_and_data_set_that_name_other_instances(node: AttackedNode) -> None:
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, "1.2.3.4", RawInstance().data_set).status == 0xA900
        sender.end()


def test_d03_command_and_data_set_of_other_classes(node: AttackedNode) -> None:
    instance = RawInstance(SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set).status == 0xA900
        assert sender.store("1.2.840.10008.5.1.4.1.1.7", instance.uid, instance.data_set).status == 0x0122
        sender.end()


@pytest.mark.parametrize("abstract", ["../../x", "x" * 64, "", "1.2.3\n4"])
def test_d03_a_class_that_is_no_uid_is_refused(node: AttackedNode, abstract: str) -> None:
    instance = RawInstance(SOPClassUID=abstract)
    with node.sender() as sender:
        sender.associate((abstract, (EXPLICIT,)))
        if sender.results[1][0] == 0:
            assert sender.store(abstract, instance.uid, instance.data_set).status == 0x0122
        sender.end()


def test_d01_odd_uids_that_harm_nobody_are_taken(node: AttackedNode) -> None:
    for odd in ("1.2.3.004", "1.2.3.", "1..2", "5"):
        instance = RawInstance(odd)
        with node.sender() as sender:
            sender.associate()
            assert sender.store(CR, instance.uid, instance.data_set).status == SUCCESS
            sender.end()
