"""Passcodes of association users: only a hash of them is kept (scrypt, RFC 7914)."""

from __future__ import annotations

import re
import threading
from base64 import b64decode, b64encode
from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes
from typing import Final

_COST, _BLOCK, _LANES = 2**14, 8, 1
"""16 MB and about 50 ms for each try (RFC 7914 section 2)."""
_SALT_BYTES, _HASH_BYTES = 16, 32
_BASE64: Final = r"([A-Za-z0-9+/]{22,64}={0,2})"
_STORED: Final = re.compile(rf"scrypt\$(\d{{1,8}})\$(\d{{1,2}})\$(\d{{1,2}})\${_BASE64}\${_BASE64}")
_MOST_MEMORY: Final = 64 << 20
_ONE_AT_A_TIME: Final = threading.Lock()
"""However many try at once, they cost 16 MB and one processor."""


def hash_passcode(passcode: str) -> str:
    """What ``passcode_hash`` of node.toml holds: ``scrypt$cost$block$lanes$salt$hash``, another one at every call."""
    salt = token_bytes(_SALT_BYTES)
    made = _derive(passcode, salt, _COST, _BLOCK, _LANES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${b64encode(salt).decode()}${b64encode(made).decode()}"


def is_hash(stored: str) -> bool:
    """True for what ``hash_passcode`` makes, or could at another cost."""
    return _parts(stored) is not None


def matches(passcode: str, stored: str) -> bool:
    """True when this is the passcode; takes as long when it is not."""
    if (parts := _parts(stored)) is None:
        return False
    cost, block, lanes, salt, kept = parts
    return compare_digest(kept, _derive(passcode, salt, cost, block, lanes))


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes] | None:
    """Cost, block, lanes, salt and hash; None where scrypt would refuse them."""
    if (found := _STORED.fullmatch(stored)) is None:
        return None
    cost, block, lanes = map(int, found.groups()[:3])
    is_power_of_two = cost > 1 and cost & (cost - 1) == 0
    memory = 128 * block * (cost + 2 + lanes)
    if not is_power_of_two or not lanes or cost >= 2 ** (16 * block) or memory > _MOST_MEMORY:
        return None
    return cost, block, lanes, b64decode(found[4]), b64decode(found[5])


def _derive(passcode: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    with _ONE_AT_A_TIME:
        return scrypt(passcode.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=_MOST_MEMORY, dklen=_HASH_BYTES)
