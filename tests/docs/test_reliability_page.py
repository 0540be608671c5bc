"""docs/reliability.md: every promise has its tests, every test named exists, and every test of a hazard is named."""

from __future__ import annotations

import re

import pytest

from docs.make_tables import FOLDER

_TESTS = FOLDER.parent / "tests"
_PAGE = (FOLDER / "reliability.md").read_text(encoding="utf-8")
_PROMISES = [f"P{number}" for number in range(1, 21)]
_WHOLE_FOLDERS = ("hazards", "durability")
"""Each of their tests shows what the node does in one hazard."""


def names_in(folder: str) -> set[str]:
    """The names of all tests below a folder."""
    return {
        name
        for path in (_TESTS / folder).rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_test_that_the_page_names_exists() -> None:
    assert set(re.findall(r"`(test_\w+)`", _PAGE)) - names_in(".") == set()


@pytest.mark.parametrize("folder", _WHOLE_FOLDERS)
def test_the_page_names_every_test_of_a_hazard(folder: str) -> None:
    assert names_in(folder) - set(re.findall(r"`(test_\w+)`", _PAGE)) == set()


@pytest.mark.parametrize("promise", _PROMISES)
def test_every_promise_has_a_test_that_proves_it(promise: str) -> None:
    [row] = re.findall(rf"^\| {promise} \|.*$", _PAGE, re.MULTILINE)
    assert re.search(r"`test_\w+`", row)


def test_every_test_in_the_mutation_run_exists() -> None:
    page = (FOLDER / "mutation_run.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`[\w/]+\.py::(test_\w+)", page))
    assert named, "the page names the tests that failed"
    assert named - names_in(".") == set()
