"""Who may send to us, and where results go."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from dicom_node.certificate import Certificate
from dicom_node.passcode import is_hash
from dicom_node.secret import NO_SECRET, Secret
from dicom_node.tls_settings import TlsSection
from sr_templates.document_forms import DocumentForm, Extra

PictureTransferSyntax = Literal["explicit", "jpeg2000_lossless"]
NOT_A_KEY: Final[Mapping[str, object]] = MappingProxyType({"key": False})
"""Marks a field that no line of node.toml sets."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Peer:
    """One ``[[peers]]`` entry of node.toml. An AE title names a peer; it does not prove who it is."""

    name: str
    ae_title: str
    host: str
    port: int
    may_send: bool = False
    receives_results: bool = False
    sr_sop_class: DocumentForm | None = None
    """The form wanted; a poorer one goes where the peer does not take it. None: the richest that the peer takes."""
    extras: tuple[Extra, ...] = ()
    """Further objects beside report and pictures."""
    picture_transfer_syntax: PictureTransferSyntax = "explicit"
    storage_commitment: bool = True
    confirm_by_find: bool = False
    """After all else it is queried for every object (C-FIND)."""
    ae_titles: tuple[str, ...] = ()
    """Further AE titles under which it sends."""
    hosts: tuple[str, ...] = ()
    """Further addresses from which it sends: clusters, NAT."""
    max_associations: int = 8
    tls: bool = False
    tls_name: str = ""
    certificate_names: tuple[str, ...] = ()
    certificate_sha256: tuple[str, ...] = ()
    user_name: str = ""
    passcode_hash: Secret = NO_SECRET
    our_user_name: str = ""
    our_passcode: Secret = NO_SECRET
    our_tls: TlsSection | None = field(default=None, repr=False, metadata=NOT_A_KEY)
    """Ours, with which it is called; None: it is called without TLS."""

    @property
    def reports_commitment(self) -> bool:
        """True when it may open associations to us to report storage commitment."""
        return self.receives_results and self.storage_commitment

    def calls_as(self, calling_ae_title: str, address: str) -> bool:
        """True when an association with this AE title from this address is this peer's."""
        plain = address.removeprefix("::ffff:")
        if calling_ae_title not in (self.ae_title, *self.ae_titles):
            return False
        return any(plain in _addresses(host) for host in (self.host, *self.hosts))

    @property
    def may_call(self) -> bool:
        """True when it may open associations to us at all."""
        return self.may_send or self.reports_commitment

    @property
    def must_use_tls(self) -> bool:
        """True when it may not call in plain DICOM: it is called over TLS itself, or its certificate is named."""
        return self.tls or bool(self.certificate_names or self.certificate_sha256)

    def holds(self, certificate: Certificate | None) -> bool:
        """True when this certificate is this peer's: one of those named, else one that bears its host's name.

        None (no certificate was asked for, and none shown) proves nothing and is enough only where none is named.
        """
        if certificate is None:
            return not (self.certificate_names or self.certificate_sha256)
        if certificate.sha256 in map(_plain_digits, self.certificate_sha256):
            return True
        own = () if self.certificate_sha256 else (self.host, *self.hosts, self.tls_name)
        return bool(certificate.names & {name.lower() for name in self.certificate_names or own if name})


def faults_of_peer(peer: Peer, where: str, *, tls: bool) -> list[str]:
    """What contradicts itself in one entry; ``tls``: whether this node speaks TLS."""
    found = []
    if peer.must_use_tls and not tls:
        found.append(f"{where}: tls = true or a certificate, allowed: with certificate, key, trusted_cas in [tls]")
    if peer.tls_name and not peer.tls:
        found.append(f"{where}.tls_name: got {peer.tls_name!r}, allowed: with tls = true")
    for digits in peer.certificate_sha256:
        if not _SHA256.fullmatch(_plain_digits(digits)):
            found.append(f"{where}.certificate_sha256: got {digits!r}, allowed: 64 hexadecimal digits")
    if bool(peer.user_name) != bool(peer.passcode_hash):
        found.append(f"{where}: user_name and passcode_hash are given together, or neither")
    if peer.passcode_hash and not is_hash(peer.passcode_hash.reveal()):
        found.append(f"{where}.passcode_hash: allowed: what `rheumascore config hash` prints")
    if bool(peer.our_user_name) != bool(peer.our_passcode):
        found.append(f"{where}: our_user_name and our_passcode are given together, or neither")
    return found


def _plain_digits(sha256: str) -> str:
    """OpenSSL prints them with colons, in upper case."""
    return sha256.replace(":", "").lower()


def _addresses(host: str) -> set[str]:
    """The addresses of a host as they are now: containers get new ones. A name that is not known has none."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()
    return found | _LOOPBACK if found & _LOOPBACK else found
