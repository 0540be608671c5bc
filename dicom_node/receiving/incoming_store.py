"""One C-STORE under way: bytes to the inbox, outcome to a status, a line to the log without patient data."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.dimse_command import DimseCommand
from dicom_node.receiving.inbox import AnnouncedInstance, Inbox, IncomingInstance
from dicom_node.receiving.presentation_contexts import VERIFICATION
from dicom_node.receiving.store_status import (
    CANNOT_UNDERSTAND,
    OUT_OF_RESOURCES,
    SOP_CLASS_NOT_SUPPORTED,
    SUCCESS,
)
from dicom_node.receiving.strict_dataset_pass import is_well_formed_uid


@dataclass(frozen=True, slots=True)
class StoreAnswer:
    """What the sender is told."""

    status: int
    comment: str = ""
    offending_element: int | None = None


class IncomingStore:
    """After the first fault the rest of the data set is read and thrown away: the sender ends its message first."""

    def __init__(
        self,
        inbox: Inbox,
        request: DimseCommand,
        abstract_syntax: str,
        transfer_syntax: str,
        calling_ae_title: str,
        *,
        stopping: bool,
    ) -> None:
        self._inbox, self._request, self._transfer_syntax = inbox, request, transfer_syntax
        self._began = monotonic()
        self._bytes = 0
        self._refusal: StoreAnswer | None = None
        self._incoming: IncomingInstance | None = None
        if stopping:
            self._refuse(StoreAnswer(OUT_OF_RESOURCES, "shutting down"))
        elif request.sop_class_uid != abstract_syntax or abstract_syntax == VERIFICATION:
            self._refuse(StoreAnswer(SOP_CLASS_NOT_SUPPORTED, "SOP class is not that of the context"))
        elif not request.has_data_set:
            self._refuse(StoreAnswer(CANNOT_UNDERSTAND, "no data set"))
        else:
            self._begin(AnnouncedInstance(abstract_syntax, request.sop_instance_uid, transfer_syntax, calling_ae_title))

    @property
    def hopeless(self) -> bool:
        """True when it was refused and has already sent more than any instance may have: it may have no end."""
        return self._refusal is not None and self._bytes > self._inbox.limits.instance_bytes

    def write(self, fragment: memoryview) -> None:
        """The next bytes of the data set."""
        self._bytes += len(fragment)
        if self._incoming is not None:
            try:
                self._incoming.write(fragment)
            except InstanceRefusedError as refused:
                self._refuse(_answer(refused))

    def finish(self, log: Any) -> StoreAnswer:
        """The last byte has come: on disk and in the ledger, or refused and gone. What to tell the sender."""
        arrival = "refused"
        if self._incoming is not None:
            try:
                arrival = self._incoming.finish().arrival
            except InstanceRefusedError as refused:
                self._refuse(_answer(refused))
        answer = self._refusal or StoreAnswer(SUCCESS)
        uid = self._request.sop_instance_uid
        log.log(
            20 if answer.status == SUCCESS else 30,
            "instance_stored" if answer.status == SUCCESS else "instance_refused",
            status=f"0x{answer.status:04X}",
            comment=answer.comment,
            arrival=arrival,
            sop_instance_uid=uid if is_well_formed_uid(uid) else "not a UID",
            transfer_syntax_uid=self._transfer_syntax,
            bytes=self._bytes,
            milliseconds=round(1000 * (monotonic() - self._began), 1),
        )
        self.abort()
        return answer

    def abort(self) -> None:
        """Forget what is not finished."""
        if self._incoming is not None:
            self._incoming.abort()

    def _begin(self, announced: AnnouncedInstance) -> None:
        try:
            self._incoming = self._inbox.begin(announced)
        except InstanceRefusedError as refused:
            self._refuse(_answer(refused))

    def _refuse(self, answer: StoreAnswer) -> None:
        self._refusal = answer
        self.abort()
        self._incoming = None


def _answer(refused: InstanceRefusedError) -> StoreAnswer:
    return StoreAnswer(refused.status, refused.comment, refused.offending_element)
