"""The measured figures of a training run: ``figures.toml``, written by code and never by hand."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scoring.whole_file import write_whole_text

FIGURES_FILE: Final = "figures.toml"
Figures = dict[str, Any]
"""One table: numbers, texts, truths, and lists of them."""


def write_figures(path: Path, figures: Mapping[str, Figures]) -> None:
    """Write named tables as TOML; a dot in a name, or a table as a value, makes a table within a table.

    NotWrittenError when the disk is full.
    """
    lines: list[str] = ["# Written by the training run that made the weights beside it. Never edited by hand."]
    for name, table in figures.items():
        lines += _lines(name, table)
    write_whole_text(path, "\n".join(lines) + "\n")


def read_figures(folder: Path) -> dict[str, Any]:
    """The figures of a folder, as nested tables."""
    with (folder / FIGURES_FILE).open("rb") as file:
        return tomllib.load(file)


def _lines(name: str, table: Figures) -> list[str]:
    lines = ["", f"[{name}]"]
    lines += [f"{key} = {_toml(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        lines += _lines(f"{name}.{key}", value) if isinstance(value, dict) else []
    return lines


def _toml(value: object) -> str:
    """JSON's texts, numbers, lists and booleans are TOML's; its word for no number is not."""
    return "nan" if value != value else json.dumps(value, ensure_ascii=False)
