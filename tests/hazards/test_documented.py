"""docs/reliability.md names every test of this folder, and no other."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_PAGE = _HERE.parents[1] / "docs" / "reliability.md"


def test_p00_the_page_names_every_hazard_and_its_test() -> None:
    written = {
        name
        for path in _HERE.glob("test_*.py")
        if path != Path(__file__)
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", _PAGE.read_text()))
    assert written - named == set(), "tests that the page does not name"
    assert named - written == set(), "names on the page without a test"
