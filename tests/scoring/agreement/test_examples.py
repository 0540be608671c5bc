"""Every measure shows an example, and it holds."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import scoring.agreement

NOT_MEASURES = {"__init__", "series"}
MEASURES = sorted({p.stem for p in Path(scoring.agreement.__path__[0]).glob("*.py")} - NOT_MEASURES)


@pytest.mark.parametrize("name", MEASURES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"scoring.agreement.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
