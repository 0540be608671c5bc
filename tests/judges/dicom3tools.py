"""dicom3tools: dciodvfy (modules and attributes), dcentvfy (objects that belong together), dcsrdump (the tree).

Complaints are what a program has against an object, without the lines that no object of ours can avoid.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.foreign_programs.programs import find_program

HARMLESS_IN_AN_OBJECT: Final = (
    "Unrecognized defined term <99",  # any private coding scheme; it is identified in the object
    "would be needed to build DICOMDIR",  # the source itself has no Patient ID, Study ID, date or time
    "Unrecognized defined term <DMS>",  # the modality is younger than the program
)
HARMLESS_IN_A_SET: Final = (
    "Different information entities for attribute - Element=<AccessionNumber>",  # it files it under Series for an SR
)

_CONTENT_ITEM: Final = re.compile(
    r"^(?P<relationship>[A-Z ]*): (?P<value_type>[A-Z0-9]+): ?(?P<concept>\([^,]+,[^,]+,\".+?\"\))? *(?P<rest>.*)$",
    re.DOTALL,
)
"""One line of dcsrdump: ``HAS CONCEPT MOD: CODE: (363698007,SCT,"Finding Site")  = (85562004,SCT,"Hand")``."""

_EMPTY: Final = ("", "=", '= ""')


def iod_complaints(path: Path) -> list[str]:
    """Every error and warning of dciodvfy about one object, against the IOD of its SOP Class."""
    return _complaints("dciodvfy", [path], HARMLESS_IN_AN_OBJECT)


def iod_errors(path: Path) -> list[str]:
    """Only the errors: for an object whose source is not ours to choose."""
    return [line for line in iod_complaints(path) if line.startswith("Error")]


def entity_complaints(paths: list[Path]) -> list[str]:
    """Every error and warning of dcentvfy: patient, study and series must read alike in all objects of a study."""
    return _complaints("dcentvfy", paths, HARMLESS_IN_A_SET)


def tree_complaints(path: Path) -> list[str]:
    """What dcsrdump could not tell of a Structured Report: items that it does not print, or prints without a part."""
    printed = _ask("dcsrdump", path).stderr
    items = [line.lstrip("\t").lstrip(">") for line in re.split(r"\n(?=\t*>|: )", printed.rstrip("\n"))]
    wanted = 1 + sum(1 for _ in _descendants(dcmread(path)))
    complaints = [] if len(items) == wanted else [f"{len(items)} content items printed of {wanted}"]
    return complaints + [f"a part is missing: {item[:100]}" for item in items if not _is_whole(item)]


def _is_whole(item: str) -> bool:
    match = _CONTENT_ITEM.match(item)
    if match is None:
        return False
    value_type, value = match["value_type"], match["rest"].strip()
    if value_type == "SCOORD" and value.startswith("=  {"):
        return False
    return (value_type == "CONTAINER" or value not in _EMPTY) and (
        match["concept"] or value_type == "IMAGE"
    ) is not None


def _descendants(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", ()):
        yield child
        yield from _descendants(child)


def _complaints(program: str, paths: list[Path], harmless: tuple[str, ...]) -> list[str]:
    done = _ask(program, *paths)
    lines = [
        line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning", "Abort"))
    ]
    return sorted({line for line in lines if not any(words in line for words in harmless)})


def _ask(program: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    command = [find_program(program, "dicom3tools"), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
