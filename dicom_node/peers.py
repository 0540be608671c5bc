"""Who may send to us, and where results go."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final, Literal

from sr_templates.document_forms import DocumentForm, Extra

PictureTransferSyntax = Literal["explicit", "jpeg2000_lossless"]
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
    ae_titles: tuple[str, ...] = ()
    """Further AE titles under which it sends."""
    hosts: tuple[str, ...] = ()
    """Further addresses from which it sends: clusters, NAT."""
    max_associations: int = 8

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


def find_sender(peers: tuple[Peer, ...], calling_ae_title: str, address: str) -> Peer | None:
    """The peer that calls and may send, or None."""
    return next((p for p in peers if p.may_send and p.calls_as(calling_ae_title, address)), None)


def find_reporters(peers: tuple[Peer, ...], calling_ae_title: str, address: str) -> tuple[Peer, ...]:
    """The peers that call and may report storage commitment: one system may be configured as several."""
    return tuple(p for p in peers if p.reports_commitment and p.calls_as(calling_ae_title, address))


def _addresses(host: str) -> set[str]:
    """The addresses of a host as they are now: containers get new ones. A name that is not known has none."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()
    return found | _LOOPBACK if found & _LOOPBACK else found
