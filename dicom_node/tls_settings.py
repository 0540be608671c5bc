"""``[tls]`` of node.toml: who we are when DICOM goes over TLS, and whose certificates are trusted.

The profile is PS3.15 B.12 (BCP 195: RFC 8996 and 9325): TLS 1.3 where the peer can, 1.2 at least, suites with
forward secrecy and authenticated encryption only.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from dicom_node.certificate import Certificate, read_certificates
from dicom_node.errors import SettingsError
from dicom_node.secret import NO_SECRET, Secret

TlsVersion = Literal["1.2", "1.3"]

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""For TLS 1.2 (RFC 9325 4.2); every suite of 1.3 is of that kind. Level 2: RSA from 2,048 bits, elliptic from 224."""
_OLDEST: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_NOT_FOR_OTHERS: Final = 0o027
"""Modes that a private key must not have: the group may read it (Debian's ssl-cert), nobody else may do anything."""


@dataclass(frozen=True, slots=True)
class TlsSection:
    """``[tls]``. With a certificate the port speaks TLS only; ``also_plain_port`` names a plain one beside it."""

    certificate: Path | None = None
    key: Path | None = None
    key_password: Secret = NO_SECRET
    trusted_cas: Path | None = None
    require_client_certificate: bool = True
    minimum_version: TlsVersion = "1.2"
    also_plain_port: int = 0
    warn_days: int = 30

    @property
    def on(self) -> bool:
        """True when TLS is spoken."""
        return self.certificate is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """Certificate, key and authorities; none when TLS is off."""
        return tuple(path for path in (self.certificate, self.key, self.trusted_cas) if path is not None)

    def below(self, folder: Path) -> TlsSection:
        """The same with paths that count from this folder."""
        return replace(
            self,
            certificate=self.certificate and folder / self.certificate,
            key=self.key and folder / self.key,
            trusted_cas=self.trusted_cas and folder / self.trusted_cas,
        )

    def faults(self) -> list[str]:
        """What contradicts itself. The files are looked at when they are used."""
        given = {"certificate": self.certificate, "key": self.key, "trusted_cas": self.trusted_cas}
        missing = [key for key, path in given.items() if path is None]
        found = [f"tls.{key}: is missing" for key in missing if len(missing) < len(given)]
        if not 0 <= self.also_plain_port <= 65535:
            found.append(f"tls.also_plain_port: got {self.also_plain_port}, allowed: 1 to 65535, or 0 for none")
        if self.warn_days < 0:
            found.append(f"tls.warn_days: got {self.warn_days}, allowed: 0 or more")
        return found


def server_context(section: TlsSection) -> ssl.SSLContext:
    """For the port. Raises SettingsError when a file cannot be used."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, section)
    context.verify_mode = ssl.CERT_REQUIRED if section.require_client_certificate else ssl.CERT_OPTIONAL
    # A ticket would outlive a change of the authorities. Sessions of TLS 1.2 are kept in this context and go with it.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    # A thread is woken by shutting down its reading side; without this OpenSSL could then not even say A-ABORT.
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def client_context(section: TlsSection) -> ssl.SSLContext:
    """For calling a peer: its certificate must be of a trusted authority and bear its name. Raises SettingsError."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, section)


def certificates_in_use(section: TlsSection) -> tuple[tuple[str, Certificate], ...]:
    """(Key of ``[tls]``, certificate) of ours, its chain and the authorities. Raises OSError, ValueError."""
    files = {"certificate": section.certificate, "trusted_cas": section.trusted_cas}
    return tuple((key, each) for key, path in files.items() if path is not None for each in read_certificates(path))


def _context(protocol: int, section: TlsSection) -> ssl.SSLContext:
    assert section.certificate and section.key and section.trusted_cas
    context = ssl.SSLContext(protocol)
    context.minimum_version = _OLDEST[section.minimum_version]
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    _refuse_open_key(section.key)
    try:
        # A password is always named: without, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(section.certificate, section.key, section.key_password.reveal())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"tls.certificate, tls.key: {section.certificate} and {section.key} cannot be used ({_words(error)}); "
            "allowed: a certificate and its own private key in PEM, with tls.key_password where the key has one."
        ) from None
    try:
        context.load_verify_locations(section.trusted_cas)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"tls.trusted_cas: {section.trusted_cas} cannot be used ({_words(error)}); allowed: certificates of the "
            "authorities in PEM."
        ) from None
    return context


def _refuse_open_key(key: Path) -> None:
    try:
        mode = key.stat().st_mode & 0o777
    except OSError as error:
        raise SettingsError(f"tls.key: {key} cannot be read ({_words(error)}).") from None
    if mode & _NOT_FOR_OTHERS:
        raise SettingsError(f"tls.key: {key} has mode {mode:04o}, allowed: 0600 or 0640; run `chmod 600 {key}`.")


def _words(error: Exception) -> str:
    """What is wrong, without what the file holds."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
