"""JSON from somebody else: an object of plain numbers, of a sane size, or a sentence that says what it is not."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from scoring.errors import BundleError

_LARGEST_WHOLE: Final = 1 << 63
_LONGEST_NUMBER: Final = 40


def read_strict_json(content: bytes, name: str) -> dict[str, Any]:
    """The object in ``content``. BundleError: no JSON, no object, a key twice, a number no one can mean."""
    try:
        read = json.loads(
            content.decode(),
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_refuse,
            object_pairs_hook=_once,
        )
    except RecursionError:
        raise BundleError(f"{name} is nested too deeply to be what it should be.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BundleError(f"{name} cannot be read as JSON: {_shortened(error)}.") from None
    if not isinstance(read, dict):
        raise BundleError(f"{name} must be a JSON object, found {type(read).__name__}.")
    return read


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or abs(int(text)) >= _LARGEST_WHOLE:
        raise ValueError(f"the number {text[:12]}… is out of range")
    return int(text)


def _finite(text: str) -> float:
    if len(text) > _LONGEST_NUMBER or not math.isfinite(float(text)):
        raise ValueError(f"the number {text[:12]}… is out of range")
    return float(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _shortened(error: Exception) -> str:
    return str(error)[:120]
