"""A copy of the scoring package with a system more: it breaks, and its error quotes the whole patient."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scoring.bundle_seal import write_seal
from scoring.spec import read_spec
from tests.journey.toy_house import TOY, build_house
from tests.leaks.marked_patient import marks

BODY_PART: Final = "TOE"
_SYSTEM: Final = """
from scoring.contract import Findings

class Breaks:
    statement, weights = "", ()

    def __init__(self, spec):
        self.spec = spec

    def score(self, images, entered, context):
        try:
            {{}}[{quote!r}]
        except KeyError as error:
            raise RuntimeError("the patient is " + {quote!r}) from error

def open_system(spec):
    return Breaks(spec)
"""


def add_breaking_system(folder: Path) -> dict[str, str]:
    """Make the copy; the environment of a process that finds it before the installed one."""
    build_house(folder)
    system = folder / "scoring" / "systems" / "toy_breaks"
    system.mkdir()
    spec = (
        (TOY / "spec.toml")
        .read_text(encoding="utf-8")
        .replace("toy_brightness", "toy_breaks")
        .replace("FINGER", BODY_PART)
    )
    (system / "spec.toml").write_text(spec, encoding="utf-8")
    (system / "__init__.py").touch()
    (system / "system.py").write_text(_SYSTEM.format(quote=" ".join(marks())), encoding="utf-8")
    write_seal(read_spec(system / "spec.toml"))
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
