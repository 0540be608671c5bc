"""Tables of a recipe (TOML) as dataclasses, checked: file, key, what was found and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, TypeVar

from scoring.errors import TrainingError

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {"int": (int,), "str": (str,), "bool": (bool,), "float": (int, float)}
_Section = TypeVar("_Section")


def read_recipe_file(path: Path) -> dict[str, Any]:
    """The whole file; TrainingError when it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path.name} cannot be read as a recipe: {error}.") from None


def recipe_tables(raw: dict[str, Any], key: str, path: Path) -> list[Any]:
    """The tables ``[[key]]``, taken out of ``raw``; TrainingError where there is none."""
    found = raw.pop(key, None)
    if not isinstance(found, list) or not found:
        raise TrainingError(f"{path.name}: {key} must be one or more tables [[{key}]], found {found!r}.")
    return found


def refuse_faults(faults: Mapping[str, bool], path: Path) -> None:
    """TrainingError with what is wanted, for all that the recipe ``path`` has otherwise."""
    if wrong := [wanted for wanted, is_fault in faults.items() if is_fault]:
        raise TrainingError(f"{path.name}: {'; '.join(wrong)}.")


def recipe_section(kind: type[_Section], raw: object, path: Path, where: str) -> _Section:
    """One table as the dataclass ``kind``; TrainingError for an unknown key, a missing one, or one of another kind."""
    known = {one.name: str(one.type) for one in fields(kind)}  # type: ignore[arg-type]  # every kind is a dataclass
    if not isinstance(raw, dict):
        raise TrainingError(f"{path.name}: {where} must be a table, found {raw!r}.")
    if unknown := sorted(set(raw) - set(known)):
        raise TrainingError(f"{path.name}: {where} has the unknown key {unknown[0]!r}; allowed: {', '.join(known)}.")
    for key, value in raw.items():
        wanted = _KINDS.get(known[key])
        if wanted is not None and type(value) not in wanted:
            raise TrainingError(f"{path.name}: {where}.{key} must be of the kind {known[key]}, found {value!r}.")
    try:
        return kind(**raw)
    except TypeError as error:
        missing = str(error).rpartition(":")[2].strip()
        raise TrainingError(f"{path.name}: {where} lacks {missing}.") from None
