"""Seeded damage of the kinds that broken senders and attackers make. The same seed gives the same bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Final

_TELLING: Final = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\xfe\xff\x00\xe0",
    b"SQ",
    b"UN",
)
"""Bytes that parsers stumble over: ends of ranges, undefined lengths, items, other VRs."""


def mutated(whole: bytes, dice: random.Random) -> bytes:
    """A copy with one to four faults."""
    data = bytearray(whole)
    for _ in range(dice.randint(1, 4)):
        if data:
            dice.choice(_FAULTS)(data, dice)
    return bytes(data)


def _other_byte(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] = dice.randrange(256)


def _flipped_bit(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _telling_bytes(data: bytearray, dice: random.Random) -> None:
    at, word = dice.randrange(len(data)), dice.choice(_TELLING)
    data[at : at + len(word)] = word


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _hole(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, 16)]


def _more(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = dice.randbytes(dice.randint(1, 16))


def _repeated(data: bytearray, dice: random.Random) -> None:
    at, size = dice.randrange(len(data)), dice.randint(1, 64)
    data[at:at] = data[at : at + size]


def _other_length(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data)) & ~1
    data[at : at + 4] = struct.pack("<L", dice.choice((0, 1, 3, len(data), 0xFFFF, 1 << 20, 1 << 31, 0xFFFFFFFE)))


_FAULTS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    _other_byte,
    _flipped_bit,
    _telling_bytes,
    _cut,
    _hole,
    _more,
    _repeated,
    _other_length,
)
