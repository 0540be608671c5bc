"""Which scoring systems there are; opens one by its key. One of the two places that load by name."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import cast

from scoring.bundle_seal import check_seal
from scoring.contract import Recipe, ScoringSystem
from scoring.errors import ModelsNotInstalledError, UnknownSystemError, WeightsError
from scoring.spec import SystemSpec, read_spec

_ENTRY_POINTS = "rheumascore.systems"
_FOLDER = Path(__file__).parent / "systems"


def list_systems() -> tuple[SystemSpec, ...]:
    """The specs of all systems that can score as they come, sorted by key. No torch. Raises as ``known_systems``."""
    return tuple(spec for spec in known_systems() if spec.has_weights)


@lru_cache(maxsize=1)
def known_systems() -> tuple[SystemSpec, ...]:
    """Every system's spec, sorted by key: folders of ``scoring/systems`` and registered packages.

    A system that comes without weights is among them: it can be learnt, and scores with the weights of a run.
    Raises SpecError when one is wrong, or is not the one that its bundle was sealed with.
    """
    specs = [read_spec(path) for path in _spec_files()]
    for spec in specs:
        check_seal(spec)
    return tuple(sorted(specs, key=lambda spec: spec.key))


def find_spec(key: str) -> SystemSpec:
    """The spec of one system; UnknownSystemError lists the keys that exist."""
    for spec in known_systems():
        if spec.key == key:
            return spec
    known = ", ".join(spec.key for spec in known_systems())
    raise UnknownSystemError(f"There is no scoring system {key!r}; there are: {known}.")


def open_system(key: str) -> ScoringSystem:
    """Load a system with its weights. Raises UnknownSystemError, WeightsError, ModelsNotInstalledError."""
    return open_spec(find_spec(key))


def open_spec(spec: SystemSpec) -> ScoringSystem:
    """Load a system with the weights that this spec names, its own or others. Raises as ``open_system`` does."""
    check_weights(spec)
    return cast(ScoringSystem, _load(spec.key, "system").open_system(spec))


def check_weights(spec: SystemSpec) -> None:
    """Raise WeightsError, which says what to do, when the spec names no weights of the system's own."""
    if not spec.has_weights:
        raise WeightsError(
            f"{spec.key} comes without weights: learn them (rheumascore train {spec.key}) and name the folder of the "
            "run, as --weights or in [scoring.weights]."
        )


def open_recipe(key: str) -> Recipe:
    """The system's ``training.py``: how it is learnt and measured. Raises as ``open_system`` does."""
    find_spec(key)
    return cast(Recipe, _load(key, "training"))


def _load(key: str, part: str) -> ModuleType:
    try:
        return importlib.import_module(f"{_module_of(key)}.{part}")
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in {"torch", "monai", "timm", "safetensors"}:
            raise ModelsNotInstalledError(
                f"The system {key!r} needs {error.name}; install it with: pip install 'rheumascore[models]'."
            ) from None
        raise


def _spec_files() -> list[Path]:
    files = list(_FOLDER.glob("*/spec.toml"))
    for entry in entry_points(group=_ENTRY_POINTS):
        found = importlib.util.find_spec(entry.value)
        if found is not None and found.submodule_search_locations:
            files.append(Path(next(iter(found.submodule_search_locations))) / "spec.toml")
    return files


def _module_of(key: str) -> str:
    if (_FOLDER / key / "spec.toml").exists():
        return f"scoring.systems.{key}"
    return next(entry.value for entry in entry_points(group=_ENTRY_POINTS) if entry.value.split(".")[-1] == key)
