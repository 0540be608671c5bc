"""Words in a report that are read back to the very same string, and lines of ``name: value | name: value``.

A viewer shows them as they are. Only what a Text Value cannot keep (control characters, blanks at either end: PS3.5
6.2), and what would end a field, is told with a backslash.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from scoring.result import Box
from sr_templates.errors import ForeignReportError

_BETWEEN: Final = " | "
_TOLD: Final = re.compile(r"\\u([0-9a-f]{4})|\\(.)", re.DOTALL)
_FIELD: Final = re.compile(r"(?:[^\\|]|\\.)+", re.DOTALL)


def shown(words: str, special: str = "") -> str:
    """The words as a Text Value: unchanged but for backslashes, ``special`` characters, controls, outer blanks."""
    inside = range(len(words) - len(words.lstrip()), len(words.rstrip()))
    return "".join(_shown(c, n in inside, special) for n, c in enumerate(words))


def meant(text: str) -> str:
    """The words that ``shown`` wrote."""
    return _TOLD.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def line_of(fields: Mapping[str, str]) -> str:
    """One line for a person and a program: ``image: 1 | verdict: read | why: frontal view``."""
    return _BETWEEN.join(f"{name}: {shown(value, '|')}".rstrip() for name, value in fields.items())


def fields_of(line: str) -> dict[str, str]:
    """The fields of a line by name; ForeignReportError when it is no such line."""
    fields = {}
    for part in _FIELD.findall(line):
        name, colon, value = part.strip(" ").partition(":")
        if not colon:
            raise ForeignReportError("A line of the report is not made of names and values; it was written elsewhere.")
        fields[name] = meant(value.removeprefix(" "))
    return fields


def needed(fields: Mapping[str, str], name: str) -> str:
    """A field that must be there; ForeignReportError names it."""
    if name not in fields:
        raise ForeignReportError(f"A line of the report lacks {name!r}; the report is damaged.")
    return fields[name]


def numbers_line(numbers: Iterable[float]) -> str:
    """Real numbers with every digit that they have: ``20, 30.5, 380``."""
    return ", ".join(repr(float(n)).removesuffix(".0") for n in numbers)


def numbers_of(line: str) -> tuple[float, ...]:
    """The numbers that ``numbers_line`` wrote."""
    try:
        return tuple(float(part) for part in line.split(",")) if line else ()
    except ValueError:
        raise ForeignReportError("A line of the report should list numbers and does not; it is damaged.") from None


def box_of(line: str) -> Box:
    """Four numbers as a box."""
    numbers = numbers_of(line)
    if len(numbers) != 4:
        raise ForeignReportError(f"A box of the report has {len(numbers)} numbers; wanted 4.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def whole_number(line: str) -> int:
    """A whole number; ForeignReportError otherwise."""
    if not re.fullmatch(r"[0-9]{1,9}", line):
        raise ForeignReportError("A line of the report should name a whole number and does not; it is damaged.")
    return int(line)


def _shown(character: str, inside: bool, special: str) -> str:
    if character == "\\" or character in special:
        return "\\" + character
    if not inside or (character != "\n" and unicodedata.category(character) == "Cc"):
        return f"\\u{ord(character):04x}"
    return character
