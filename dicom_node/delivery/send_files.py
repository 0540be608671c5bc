"""Send files of this machine to a peer as they are: one answer for each, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dicom_node.delivery.association_to_peer import MOST_CONTEXTS
from dicom_node.delivery.destination import OutgoingObject
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.delivery.store_scu import StoreAssociation, open_association
from dicom_node.peers import Peer
from scoring.errors import ImageUnreadableError, RheumascoreError

_FILES_LOOKED_AHEAD = 500
"""So many files share one association; their kinds must be known before it begins."""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What became of one file; ``status``: of C-STORE, None when it was never answered. ``text`` names no patient."""

    path: Path
    stored: bool
    status: int | None
    text: str


def send_files(peer: Peer, paths: Sequence[Path], calling_ae_title: str) -> Iterator[FileAnswer]:
    """C-STORE every file, bytes as they are. Never raises for a file's or the peer's sake."""
    for batch in _batches(paths):
        kinds = frozenset(kind for _, kind in batch if isinstance(kind, tuple))
        yield from _send_batch(peer, calling_ae_title, batch, kinds)


_Kind = tuple[str, str] | str
"""(SOP Class UID, Transfer Syntax UID) of a file, or why it cannot be sent."""


def _batches(paths: Sequence[Path]) -> Iterator[list[tuple[Path, _Kind]]]:
    batch: list[tuple[Path, _Kind]] = []
    kinds: set[_Kind] = set()
    for path in paths:
        kind = _kind(path)
        if len(batch) >= _FILES_LOOKED_AHEAD or len(kinds | {kind}) > MOST_CONTEXTS:
            yield batch
            batch, kinds = [], set()
        batch.append((path, kind))
        if isinstance(kind, tuple):
            kinds.add(kind)
    yield batch


def _kind(path: Path) -> _Kind:
    read = _read(path)
    return read if isinstance(read, str) else (read.sop_class_uid, read.transfer_syntax_uid)


def _read(path: Path) -> OutgoingObject | str:
    try:
        return read_part10(path.read_bytes())
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except ImageUnreadableError as error:
        return str(error)


def _send_batch(
    peer: Peer, calling_ae_title: str, batch: list[tuple[Path, _Kind]], kinds: frozenset[tuple[str, str]]
) -> Iterator[FileAnswer]:
    """One association for the batch; another when it ended at a file. When none can be had, no file goes."""
    fault = ""
    with ExitStack() as open_ways:
        association: StoreAssociation | None = None
        for path, _ in batch:
            outgoing = _read(path)
            if isinstance(outgoing, str):
                yield FileAnswer(path, False, None, outgoing)
                continue
            if not fault and (association is None or not association.usable):
                try:
                    association = open_ways.enter_context(open_association(peer, calling_ae_title, kinds))
                except RheumascoreError as error:
                    fault = str(error)
            if fault or association is None:
                yield FileAnswer(path, False, None, fault)
                continue
            answer = association.send(outgoing)
            yield FileAnswer(path, answer.verdict == "sent", answer.status, answer.text)
