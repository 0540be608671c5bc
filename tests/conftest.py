"""Fixtures of the whole suite: the foreign programs. Its longest files come first."""

import pytest

pytest_plugins = (
    "tests.foreign_programs.chromium",
    "tests.foreign_programs.orthanc",
    "tests.foreign_programs.postgresql",
    "tests.foreign_programs.rabbitmq",
    "tests.foreign_programs.redis",
)

_LONG = ("tests/journey/", "tests/leaks/", "tests/sr_templates/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes that take one file after the other end together when the last ones are short."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))
