"""trial.toml: what a trial asks of a visit, read whole or refused with every fault."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scoring.catalogue import find_spec, known_systems
from scoring.errors import ProtocolError
from scoring.trial import TrialProtocol, read_protocol

NAILFOLD = find_spec("nailfold")
WHOLE = 'name = "SSC-204, charter 3"\n[nailfold]\nfingers = 8\npictures = 16\n'


def read(folder: Path, text: str) -> TrialProtocol:
    file = folder / "trial.toml"
    file.write_text(text, encoding="utf-8")
    return read_protocol(file, known_systems())


def test_a_system_that_it_rules_asks_what_it_says_and_names_it(tmp_path: Path) -> None:
    ruled = read(tmp_path, WHOLE).ruling(NAILFOLD)
    assert [(one.key, one.number) for one in ruled.asked] == [
        ("fingers", 8), ("pictures_of_a_finger", NAILFOLD.asks("pictures_of_a_finger")), ("pictures", 16),
    ]  # fmt: skip
    assert ruled.protocol is not None
    assert (ruled.protocol.name, ruled.protocol.sha256) == (
        "SSC-204, charter 3",
        hashlib.sha256(WHOLE.encode()).hexdigest(),
    )


def test_a_system_that_it_does_not_name_stays_as_it_is(tmp_path: Path) -> None:
    hand = find_spec("hand_joints")
    assert read(tmp_path, WHOLE).ruling(hand) == hand
    assert read(tmp_path, 'name = "of no system"').ruling(NAILFOLD) == NAILFOLD


def test_every_fault_is_named_with_what_it_got_and_what_is_allowed(tmp_path: Path) -> None:
    text = "[nailfold]\nfingers = 11\nthumbs = 2\npictures = true\n[hand_joints]\nfilms = 2\n[nailfolds]\n"
    with pytest.raises(ProtocolError) as raised:
        read(tmp_path, text)
    assert str(raised.value).splitlines() == [
        "trial.toml has 6 fault(s):",
        "  name: got None, allowed: 1 to 64 characters, by which reports name the protocol",
        "  nailfold.fingers: got 11, allowed: a whole number from 1 to 10 (fewest named fingers that can be assessed)",
        "  nailfold.thumbs: no such key; allowed: fingers, pictures_of_a_finger, pictures",
        "  nailfold.pictures: got True, allowed: a whole number from 1 to 200 (fewest pictures that can be assessed, "
        "of whatever finger)",
        "  hand_joints: no such table; allowed: name, [nailfold]",
        "  nailfolds: no such table; allowed: name, [nailfold]",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "cannot be read"),
        ('name = "a\\nb"', "allowed: 1 to 64 characters"),
        ('name = "x"\nnailfold = 4', "nailfold: got 4, allowed: a table with any of fingers, "),
        ('name = "x"\n[nailfold]', r"nailfold: got \{\}, allowed: a table with any of"),
    ],
)
def test_what_is_no_protocol_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"trial\.toml does not exist: write it \(docs/trial_protocol\.md\)"):
        read_protocol(tmp_path / "trial.toml", known_systems())
