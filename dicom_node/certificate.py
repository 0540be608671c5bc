"""What a certificate says of its holder (X.509, RFC 5280 section 4.1): names, digest, last moment.

Nothing is judged here: signatures, chains and purposes are OpenSSL's, at every handshake. Python's ``ssl`` shows these
facts of a peer's certificate only, and we must know when our own ends.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_VERSION, _EXTENSIONS, _UTC_TIME = 0xA0, 0xA3, 0x17
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_COMMON_NAME: Final = bytes.fromhex("550403")
_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. ``names``: DNS names and addresses of its holder, and its common name, in lower case."""

    common_name: str
    names: frozenset[str]
    sha256: str
    """Of the whole certificate, 64 hexadecimal digits: what ``openssl x509 -fingerprint -sha256`` prints."""
    ends_at: float
    """Seconds since 1970, UTC."""

    @property
    def last_day(self) -> str:
        """As people write it: 2027-03-31."""
        return datetime.fromtimestamp(self.ends_at, UTC).date().isoformat()


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """Every certificate of a PEM file, in its order. Raises OSError, and ValueError when one is damaged."""
    text = path.read_text(encoding="ascii", errors="replace")
    return tuple(read_certificate(ssl.PEM_cert_to_DER_cert(block)) for block in _PEM.findall(text))


def read_certificate(der: bytes) -> Certificate:
    """Read one in DER. Raises ValueError."""
    try:
        [(_, certificate)] = _parts(der)
        (_, to_be_signed), *_ = _parts(certificate)
        _, _, _, (_, validity), (_, subject), *rest = [p for p in _parts(to_be_signed) if p[0] != _VERSION]
        _, (kind, ends) = _parts(validity)
        common_name = next(_common_names(subject), "")
        ends_at = _moment(kind, ends.decode("ascii"))
        names = {common_name, *(name for tag, value in rest if tag == _EXTENSIONS for name in _alternatives(value))}
    except (IndexError, ValueError):
        raise ValueError("not an X.509 certificate") from None
    return Certificate(
        common_name,
        frozenset(name.lower() for name in names if name),
        sha256(der).hexdigest(),
        ends_at,
    )


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each value, one after the other (X.690 8.1)."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            digits = length & 0x7F
            length = int.from_bytes(der[at : at + digits], "big")
            at += digits
        if at + length > len(der):
            raise ValueError("a value crosses the end")
        yield tag, der[at : at + length]
        at += length


def _common_names(subject: bytes) -> Iterator[str]:
    for _, relative_name in _parts(subject):
        for _, attribute in _parts(relative_name):
            (_, kind), (_, value) = _parts(attribute)
            if kind == _COMMON_NAME:
                yield value.decode("utf-8", "replace")


def _alternatives(extensions: bytes) -> Iterator[str]:
    [(_, listed)] = _parts(extensions)
    for _, extension in _parts(listed):
        (_, kind), *_, (_, value) = _parts(extension)
        if kind == _ALTERNATIVE_NAMES:
            [(_, names)] = _parts(value)
            for tag, name in _parts(names):
                if tag == _DNS_NAME:
                    yield name.decode("ascii", "replace")
                elif tag == _IP_ADDRESS:
                    yield str(ip_address(name))


def _moment(kind: int, text: str) -> float:
    """UTCTime has two digits of the year, 50 to 49 (RFC 5280 4.1.2.5.1); GeneralizedTime has four."""
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
