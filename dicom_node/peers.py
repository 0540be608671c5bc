"""Who may send to us, and where results go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SrForm = Literal["comprehensive", "comprehensive3d", "enhanced"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One ``[[peers]]`` entry of node.toml. An AE title names a peer; it does not prove who it is."""

    name: str
    ae_title: str
    host: str
    port: int
    may_send: bool = False
    receives_results: bool = False
    sr_sop_class: SrForm = "comprehensive"
    storage_commitment: bool = True
    ae_titles: tuple[str, ...] = ()
    """Further AE titles under which it sends."""
    hosts: tuple[str, ...] = ()
    """Further addresses from which it sends: clusters, NAT."""
    max_associations: int = 8

    def sends_as(self, calling_ae_title: str, address: str) -> bool:
        """True when an association with this AE title from this address is this peer's and may send."""
        return (
            self.may_send
            and calling_ae_title in (self.ae_title, *self.ae_titles)
            and address in (_loopback_name(self.host), *map(_loopback_name, self.hosts))
        )


def find_sender(peers: tuple[Peer, ...], calling_ae_title: str, address: str) -> Peer | None:
    """The peer that calls, or None: unknown callers are rejected."""
    return next((p for p in peers if p.sends_as(calling_ae_title, _loopback_name(address))), None)


def _loopback_name(host: str) -> str:
    return "127.0.0.1" if host in {"localhost", "::1", "::ffff:127.0.0.1"} else host
