"""A recipe that a test can afford: the smallest network on the smallest pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SMALL_RECIPE: Final = """\
backbone = "part_network"
rows = 48
columns = 64
folds = 2
held_out = 0.34
options = { widths = [4, 4, 8, 8] }

[labels]
epochs = 2
batch = 16
rate = 1e-3
"""


def small_recipe(folder: Path, text: str = SMALL_RECIPE) -> Path:
    """It, as a file."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path
