"""The transfer syntax in which an object goes out: as it is stored, compressed where a peer asks, or in the syntax
that every peer must take. Nothing is lost in any of them, so the object stays the same under its UID."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

from dicom_node.delivery.destination import OpenDestination, OutgoingObject
from dicom_node.delivery.part10_bytes import as_implicit, read_part10
from dicom_node.delivery.waiting_objects import WaitingObject
from dicom_node.peers import Peer

_PICTURES: Final = ("heatmap", "montage", "report_page", "multiframe")


def kinds_of(waiting: Iterable[WaitingObject], peer: Peer) -> frozenset[tuple[str, str]]:
    """(SOP Class UID, Transfer Syntax UID) to propose: every way in which one of these objects may go (PS3.5 10.1)."""
    kinds = set()
    for item in waiting:
        outgoing = read_part10(item.content)
        kinds |= {(outgoing.sop_class_uid, s) for s in (outgoing.transfer_syntax_uid, str(ImplicitVRLittleEndian))}
        if _may_be_compressed(item, peer):
            kinds.add((outgoing.sop_class_uid, str(JPEG2000Lossless)))
    return frozenset(kinds)


def in_accepted_syntax(item: WaitingObject, peer: Peer, way: OpenDestination) -> OutgoingObject:
    """The object as it goes over this way."""
    outgoing = read_part10(item.content)
    if _may_be_compressed(item, peer) and way.accepts(outgoing.sop_class_uid, str(JPEG2000Lossless)):
        from sr_templates.picture_compression import jpeg2000_lossless  # loads an encoder that few destinations need

        return read_part10(jpeg2000_lossless(item.content))
    explicit = outgoing.transfer_syntax_uid == ExplicitVRLittleEndian
    if explicit and not way.accepts(outgoing.sop_class_uid, outgoing.transfer_syntax_uid):
        return as_implicit(outgoing)
    return outgoing


def _may_be_compressed(item: WaitingObject, peer: Peer) -> bool:
    return peer.picture_transfer_syntax == "jpeg2000_lossless" and item.role in _PICTURES
