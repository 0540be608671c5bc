"""The TLS handshake of a caller: what may go wrong in it, in words, and how a TLS connection is left."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Final

_HANDSHAKE_RECORD: Final = b"\x16"
"""The first byte of every TLS connection (RFC 8446 5.1)."""
PLAIN_TEXT: Final = "plain text on the TLS port"
NOT_IN_TIME: Final = "no TLS handshake in time"
ANY_OTHER: Final = "no TLS handshake"
ANY_OTHER_OF_CERTIFICATE: Final = "certificate cannot be verified"
_OWN: Final = "the caller refuses our certificate"
_OLD: Final = "TLS older than allowed"
_UNKNOWN_CA: Final = "certificate of an unknown authority"
REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no certificate",
    "UNSUPPORTED_PROTOCOL": _OLD,
    "VERSION_TOO_LOW": _OLD,
    "WRONG_SSL_VERSION": _OLD,
    "NO_SHARED_CIPHER": "no cipher suite in common",
    "NO_SUITABLE_KEY_SHARE": "no cipher suite in common",
    "TLSV1_ALERT_UNKNOWN_CA": _OWN,
    "SSLV3_ALERT_BAD_CERTIFICATE": _OWN,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _OWN,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _OWN,
    "TLSV1_ALERT_PROTOCOL_VERSION": _OLD,
}
"""OpenSSL's reason, in our words."""
OF_CERTIFICATE: Final = {
    9: "certificate is not valid yet",
    10: "certificate has expired",
    18: _UNKNOWN_CA,
    19: _UNKNOWN_CA,
    20: _UNKNOWN_CA,
    21: _UNKNOWN_CA,
    26: "certificate is not for this purpose",
}
"""By OpenSSL's number of the verification (X509_V_ERR_…)."""


class TlsFaultError(Exception):
    """A caller that TLS does not let in; the message is one of a few, and holds nothing that the caller sent."""


def refuse_plain_text(connection: socket.socket) -> None:
    """Look at the first byte that comes. Raises TlsFaultError, and OSError of the socket.

    A plain DICOM caller is told apart here: OpenSSL has several names for what is no TLS.
    """
    first = connection.recv(1, socket.MSG_PEEK)
    if first not in (b"", _HANDSHAKE_RECORD):
        raise TlsFaultError(PLAIN_TEXT)


def fault_of(error: ssl.SSLError) -> TlsFaultError | None:
    """What the caller did wrong; None when it just went away."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFaultError(OF_CERTIFICATE.get(error.verify_code, ANY_OTHER_OF_CERTIFICATE))
    return TlsFaultError(REASONS.get(error.reason or "", ANY_OTHER))


def say_close_notify(connection: socket.socket) -> None:
    """Tell a TLS peer that nothing more comes (RFC 8446 6.1), and wait for nothing."""
    if isinstance(connection, ssl.SSLSocket):
        with contextlib.suppress(OSError, ValueError):  # "want read": its own notice has not come yet
            connection.settimeout(0)
            connection.unwrap()
