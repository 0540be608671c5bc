"""A misspelt DICOM keyword is an error here: pydicom would keep it as a plain attribute and write nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom import config


@pytest.fixture(autouse=True)
def _unknown_keywords_raise() -> Iterator[None]:
    before = config.INVALID_KEYWORD_BEHAVIOR
    config.INVALID_KEYWORD_BEHAVIOR = "RAISE"
    yield
    config.INVALID_KEYWORD_BEHAVIOR = before
