"""Frozen dataclasses to plain JSON values and back, by their type hints; nothing else is ever constructed."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from scoring.errors import ResultError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Dataclasses to dicts, tuples to lists; refuses NaN, infinities and foreign types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ResultError("A result holds a number that is not finite; nothing may be written from it.")
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise ResultError(f"A result holds a {type(value).__name__}, which has no place in it.")


def from_json(wanted: type[T], raw: Any, where: str = "result") -> T:
    """Build ``wanted`` from plain JSON values; ResultError names the place that does not fit."""
    return typing.cast(T, _build(wanted, raw, where))


def _build(wanted: Any, raw: Any, where: str) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        if raw is None and type(None) in arguments:
            return None
        return _build(next(a for a in arguments if a is not type(None)), raw, where)
    if origin is Literal:
        return _checked(raw in arguments, raw, where, f"one of {arguments}")
    if origin is tuple:
        _checked(isinstance(raw, list), raw, where, "a list")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], part, f"{where}[{n}]") for n, part in enumerate(raw))
        _checked(len(raw) == len(arguments), raw, where, f"{len(arguments)} values")
        return tuple(_build(a, part, f"{where}[{n}]") for n, (a, part) in enumerate(zip(arguments, raw, strict=True)))
    if is_dataclass(wanted):
        return _build_dataclass(wanted, raw, where)
    if wanted is float:
        _checked(isinstance(raw, (int, float)) and not isinstance(raw, bool), raw, where, "a number")
        return float(raw)
    return _checked(type(raw) is wanted, raw, where, f"{wanted.__name__}")


def _build_dataclass(wanted: Any, raw: Any, where: str) -> Any:
    _checked(isinstance(raw, dict), raw, where, "an object")
    hints = typing.get_type_hints(wanted)
    known = {f.name for f in fields(wanted)}
    if unknown := sorted(set(raw) - known):
        raise ResultError(f"{where}: unknown key {unknown[0]!r}; allowed: {', '.join(sorted(known))}.")
    if missing := sorted(known - set(raw)):
        raise ResultError(f"{where}: the key {missing[0]!r} is missing.")
    return wanted(**{name: _build(hints[name], raw[name], f"{where}.{name}") for name in known})


def _checked(fits: bool, raw: Any, where: str, wanted: str) -> Any:
    if not fits:
        raise ResultError(f"{where}: wanted {wanted}, found {type(raw).__name__}.")
    return raw
