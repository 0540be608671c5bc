"""A recipe that a test can afford: one tiny network on tiny views."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SMALL_RECIPE: Final = """\
pixels = 64
folds = 2
blend = "non_negative"

[[members]]
name = "tiny"
backbone = "mobilenetv2_035"
scheme = "last_stage"

[totals]
epochs = 2
batch = 4
rate = 1e-3
"""


def small_recipe(folder: Path, text: str = SMALL_RECIPE) -> Path:
    """It, as a file."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path
