"""The TLS connection to a peer: made when pynetdicom asks for it, its faults kept, since pynetdicom tells nobody."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

from dicom_node.certificate import Certificate, read_certificate
from dicom_node.receiving.tls_handshake import say_close_notify
from dicom_node.tls_settings import TlsSection, client_context

_REASONS: Final = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "its TLS is older than allowed",
    "TLSV1_ALERT_PROTOCOL_VERSION": "its TLS is older than allowed",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it has no cipher suite in common with us, or wants another certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not trust our certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not trust our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it says that our certificate has ended",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a certificate of ours",
}
"""OpenSSL's reason, in words."""


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What was agreed with a peer, and the certificate that it showed."""

    version: str
    cipher: str
    certificate: Certificate

    @property
    def words(self) -> str:
        """For ``echo`` and ``doctor``."""
        return f"{self.version}, {self.cipher}, its certificate ends on {self.certificate.last_day}"


class TlsToPeer:
    """Stands where pynetdicom takes an SSLContext. One for each association, which reads the files anew."""

    def __init__(self, section: TlsSection) -> None:
        """Raises SettingsError when our certificate, key or authorities cannot be used."""
        self._context = client_context(section)
        self._context.sslsocket_class = _WatchedSocket
        self._made: _WatchedSocket | None = None

    def wrap_socket(self, plain: socket.socket, *, server_side: bool, server_hostname: str) -> ssl.SSLSocket:
        """As ``ssl.SSLContext.wrap_socket``."""
        made = self._context.wrap_socket(plain, server_side=server_side, server_hostname=server_hostname)
        assert isinstance(made, _WatchedSocket)
        self._made = made
        return made

    @property
    def fault(self) -> str:
        """Why TLS failed, in words without patient data; empty when it did not."""
        return self._made.fault if self._made is not None else ""

    @property
    def session(self) -> TlsSession | None:
        """What was agreed; None before the handshake, after the end, and with a certificate that we cannot read."""
        made = self._made
        if made is None or (cipher := made.cipher()) is None or not (shown := made.getpeercert(binary_form=True)):
            return None
        try:
            return TlsSession(made.version() or "", cipher[0], read_certificate(shown))
        except ValueError:
            return None

    def close(self) -> None:
        """Harmless when it is closed already."""
        if self._made is not None:
            self._made.close()


class _WatchedSocket(ssl.SSLSocket):
    """Keeps its first fault: that of the handshake, or of the first answer (TLS 1.3 refuses a certificate there)."""

    fault = ""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError as error:
            self.fault = _words(error)
            raise

    def recv(self, *arguments: Any) -> bytes:
        try:
            return super().recv(*arguments)
        except ssl.SSLError as error:
            self.fault = self.fault or _words(error)
            raise

    def shutdown(self, how: int) -> None:
        say_close_notify(self)
        super().shutdown(how)


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message.rstrip('.')}"
    if isinstance(error, TimeoutError):
        return "no TLS handshake in time"
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return "it ended the connection in the TLS handshake"
    reason = error.reason or "TLS_FAILED"
    return _REASONS.get(reason, reason.lower().replace("_", " "))
