"""Weight files and their records: nothing is loaded that weights.toml does not list with its SHA-256."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.errors import SpecError, WeightsError
from scoring.result import WeightUse

_KEYS: Final = ("role", "file", "sha256", "licence", "learnt_from", "data", "command", "demonstration")


@dataclass(frozen=True, slots=True)
class WeightRecord:
    """One ``[[file]]`` of a weights.toml."""

    role: str
    path: Path
    sha256: str
    licence: str
    learnt_from: str
    """One sentence: which part was trained on what. Shown in every report."""
    data: tuple[str, ...]
    """Data sets by name, with their citation."""
    command: str
    """What made the file."""
    demonstration: bool

    def use(self) -> WeightUse:
        """The part of the record that a result carries."""
        return WeightUse(self.role, self.path.name, self.sha256, self.licence, self.learnt_from, self.demonstration)


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """A whole weights.toml: the statement that goes with every result, and the files."""

    statement: str
    files: tuple[WeightRecord, ...]
    system: str = ""
    """Key of the system that a training run learnt; empty where the folder itself says whose they are."""

    def file(self, role: str) -> WeightRecord:
        """The file with this role; WeightsError when none is listed."""
        for record in self.files:
            if record.role == role:
                return record
        raise WeightsError(f"No weight file with the role {role!r} is listed; see weights.toml of the system.")


@dataclass(frozen=True, slots=True)
class WeightsInUse:
    """What a system scores with: its own record, and those of the anatomy that it shares with others."""

    own: WeightsRecord
    shared: tuple[WeightsRecord, ...]

    @property
    def files(self) -> tuple[WeightRecord, ...]:
        """Every file that takes part, those of shared anatomy first."""
        return tuple(file for record in (*self.shared, self.own) for file in record.files)


def read_weights_in_use(weights_files: Sequence[Path]) -> WeightsInUse:
    """The records of a spec's ``weights_files``, of which the first is the system's own. Raises SpecError."""
    own, *shared = map(read_weights_record, weights_files)
    return WeightsInUse(own, tuple(shared))


def read_weights_record(path: Path) -> WeightsRecord:
    """Read a weights.toml (``statement``, ``system``, ``[[file]]`` entries); SpecError names file, key and remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path.name} cannot be read: {error}. Restore it or train the system again.") from None
    return WeightsRecord(
        statement=_text(raw, "statement", path),
        files=tuple(_record(entry, path) for entry in raw.get("file", [])),
        system=_text(raw, "system", path) if "system" in raw else "",
    )


def all_weights(weights_files: Iterable[Path]) -> tuple[WeightRecord, ...]:
    """The records of several weights.toml, in their order. Reads no weight file."""
    return tuple(record for path in weights_files for record in read_weights_record(path).files)


def checked_bytes(record: WeightRecord) -> bytes:
    """The file's bytes, once their SHA-256 is the listed one; WeightsError otherwise. Nothing else loads weights."""
    try:
        content = record.path.read_bytes()
    except OSError:
        raise WeightsError(f"The weight file {record.path.name} is missing; reinstall, or train it again.") from None
    found = hashlib.sha256(content).hexdigest()
    if found != record.sha256:
        raise WeightsError(
            f"The weight file {record.path.name} was changed: SHA-256 is {found[:12]}…, weights.toml lists "
            f"{record.sha256[:12]}…. Restore the file; a changed weight is never used."
        )
    return content


def _record(raw: dict[str, Any], path: Path) -> WeightRecord:
    if unknown := sorted(set(raw) - set(_KEYS)):
        raise SpecError(f"{path.name}: unknown key file.{unknown[0]}; allowed: {', '.join(_KEYS)}.")
    if not isinstance(raw.get("demonstration"), bool):
        raise SpecError(f"{path.name}: file.demonstration must be true or false, found {raw.get('demonstration')!r}.")
    name = _text(raw, "file", path)
    if name != Path(name).name or "\\" in name:
        raise SpecError(f"{path.name}: file.file must be a name without a folder, found {name!r}.")
    return WeightRecord(
        role=_text(raw, "role", path),
        path=path.parent / name,
        sha256=_text(raw, "sha256", path),
        licence=_text(raw, "licence", path),
        learnt_from=_text(raw, "learnt_from", path),
        data=tuple(str(d) for d in raw.get("data", [])),
        command=_text(raw, "command", path),
        demonstration=raw["demonstration"],
    )


def _text(raw: dict[str, Any], key: str, path: Path) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SpecError(f"{path.name}: {key} must be a text that is not empty, found {value!r}.")
    return value
