"""A PACS that does as it is told: keeps objects by UID and bytes, and answers each as the next word of its script says.

Words: a status (``0xA700``), ``abort``, ``hang`` (keeps it, never answers), ``drop`` (keeps it and closes the
connection), ``other`` and ``stranger`` (answers 0x0000 to a message that nobody sent, for an instance that nobody
sent), ``empty`` (answers without a status). After its last word it stores everything.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Self

from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context

from dicom_node.peers import Peer
from tests.foreign_programs.programs import free_port

_EXPLICIT, _IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


class ScriptedPacs:
    """Runs between ``with`` and its end. ``kept``: (SOP Instance UID, bytes of the data set) in the order they came."""

    def __init__(self, *script: int | str, transfer_syntaxes: tuple[str, ...] = (_EXPLICIT, _IMPLICIT)) -> None:
        self.port = free_port()
        self.kept: list[tuple[str, bytes]] = []
        self.associations = 0
        self.rejection: tuple[int, int, int] | None = None
        """(result, source, reason) with which every association is rejected."""
        self.refused: dict[str, int] = {}
        """Statuses by SOP Instance UID, whatever the script says."""
        self._script = deque(script)
        self._transfer_syntaxes = list(transfer_syntaxes)
        self._ending = threading.Event()
        self._answering: int | str = 0x0000

    @property
    def peer(self) -> Peer:
        """It, as node.toml would name it."""
        return Peer("pacs", "PACS", "127.0.0.1", self.port, receives_results=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen (again, on the same port)."""
        entity = AE("PACS")
        entity.supported_contexts = [
            build_context(context.abstract_syntax, self._transfer_syntaxes)
            for context in AllStoragePresentationContexts
        ]
        entity.add_supported_context("1.2.840.10008.1.1")
        handlers = [
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_DIMSE_SENT, self._on_sending),
            *self._offer_more(entity),
        ]
        self._server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)

    def stop(self) -> None:
        """Stop listening and let what hangs go."""
        self._ending.set()
        self._server.shutdown()

    def _offer_more(self, _entity: AE) -> list[Any]:
        """Further contexts, and their handlers."""
        return []

    def _on_request(self, event: Any) -> None:
        self.associations += 1
        if self.rejection is not None:
            event.assoc.acse.send_reject(*self.rejection)
            event.assoc.is_rejected = True
            event.assoc.kill()

    def _on_store(self, event: Any) -> int:
        word = self._script.popleft() if self._script else 0x0000
        word = self.refused.get(str(event.request.AffectedSOPInstanceUID), word)
        if isinstance(word, int):
            if word == 0x0000 or 0xB000 <= word <= 0xBFFF:
                self._keep(event)
            return word
        if word == "abort":
            event.assoc.abort()
            return 0x0000
        self._keep(event)
        if word == "drop":
            event.assoc.dul.socket.close()
        elif word == "hang":
            self._ending.wait()
        self._answering = word
        return 0x0000

    def _keep(self, event: Any) -> None:
        self.kept.append((str(event.request.AffectedSOPInstanceUID), event.request.DataSet.getvalue()))

    def _on_sending(self, event: Any) -> None:
        word, self._answering = self._answering, 0x0000
        if word == "other":
            event.message.command_set.MessageIDBeingRespondedTo = 4711
        elif word == "stranger":
            event.message.command_set.AffectedSOPInstanceUID = "2.25.4711"
        elif word == "empty":
            del event.message.command_set.Status
