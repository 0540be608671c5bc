"""What a trial's imaging protocol asks: trial.toml, a table for each system that it rules.

Which numbers a protocol may set, and what holds where none does, is declared in the systems' specs (``[[protocol]]``).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from scoring.errors import ProtocolError
from scoring.result import ProtocolUse
from scoring.spec import SystemSpec

_NAME: Final = "name"
_LONGEST_NAME: Final = 64


class Demand(NamedTuple):
    """One number that a protocol sets."""

    system: str
    key: str
    number: int


@dataclass(frozen=True, slots=True)
class TrialProtocol:
    """A trial.toml that was read and is right."""

    use: ProtocolUse
    demands: tuple[Demand, ...]

    def ruling(self, spec: SystemSpec) -> SystemSpec:
        """The system as the protocol wants it; as it is when the protocol says nothing of it."""
        numbers = {demand.key: demand.number for demand in self.demands if demand.system == spec.key}
        if not numbers:
            return spec
        asked = tuple(replace(one, number=numbers.get(one.key, one.number)) for one in spec.asked)
        return replace(spec, asked=asked, protocol=self.use)


def read_protocol(path: Path, specs: Sequence[SystemSpec]) -> TrialProtocol:
    """Read trial.toml: ``name``, and a table for each system that it rules, which is one of ``specs``.

    Raises ProtocolError listing every fault: file, key, what it got, what is allowed.
    """
    try:
        content = path.read_bytes()
        raw = tomllib.loads(content.decode())
    except FileNotFoundError:
        raise ProtocolError(f"{path} does not exist: write it (docs/trial_protocol.md) or name another.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProtocolError(f"{path} cannot be read: {error}.") from None
    if faults := [*_faults_of_name(raw.get(_NAME)), *_faults_of_tables(raw, specs)]:
        raise ProtocolError(f"{path.name} has {len(faults)} fault(s):\n" + "\n".join(f"  {f}" for f in faults))
    demands = [Demand(spec.key, key, number) for spec in specs for key, number in sorted(raw.get(spec.key, {}).items())]
    return TrialProtocol(ProtocolUse(raw[_NAME], hashlib.sha256(content).hexdigest()), tuple(demands))


def _faults_of_name(name: object) -> Iterator[str]:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        yield f"{_NAME}: got {name!r}, allowed: 1 to {_LONGEST_NAME} characters, by which reports name the protocol"


def _faults_of_tables(raw: dict[str, Any], specs: Sequence[SystemSpec]) -> Iterator[str]:
    ruled = {spec.key: spec for spec in specs if spec.asked}
    for key, table in raw.items():
        if key == _NAME:
            continue
        if key not in ruled:
            yield f"{key}: no such table; allowed: {_NAME}, {', '.join(f'[{one}]' for one in ruled)}"
        elif not isinstance(table, dict) or not table:
            yield f"{key}: got {table!r}, allowed: a table with any of {_keys(ruled[key])}"
        else:
            yield from _faults_of_table(table, ruled[key])


def _faults_of_table(table: dict[str, Any], spec: SystemSpec) -> Iterator[str]:
    asked = {one.key: one for one in spec.asked}
    for key, value in table.items():
        if key not in asked:
            yield f"{spec.key}.{key}: no such key; allowed: {_keys(spec)}"
        elif type(value) is not int or not asked[key].at_least <= value <= asked[key].at_most:
            bounds = f"{asked[key].at_least} to {asked[key].at_most}"
            yield f"{spec.key}.{key}: got {value!r}, allowed: a whole number from {bounds} ({asked[key].label})"


def _keys(spec: SystemSpec) -> str:
    return ", ".join(one.key for one in spec.asked)
