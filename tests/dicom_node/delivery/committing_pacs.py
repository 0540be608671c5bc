"""A PACS that also commits what it stored, on whichever association it is told to, or does not.

Words of ``commitments``: ``same`` and ``new`` (the association of the report), ``both`` (as ``same``, after a report to
the first request that ever came), ``silent``, ``abort`` (instead of an answer), or a status with which the request is
refused. After the last word: ``same``. ``lost``: Failure Reasons by SOP Instance UID.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs

PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
_ANY_CLASS: Final = "1.2.840.10008.5.1.4.1.1.7"
_AFTER_THE_ANSWER_SECONDS: Final = 0.3


class CommittingPacs(ScriptedPacs):
    """``asked``: (Transaction UID, SOP Instance UIDs) of every request, in the order they came."""

    def __init__(self, node_port: int, *commitments: int | str) -> None:
        super().__init__()
        self.lost: dict[str, int] = {}
        self.asked: list[tuple[str, list[str]]] = []
        self._node_port, self._commitments = node_port, deque(commitments)

    def answer_again(self) -> None:
        """Forget the words that are left: every request is answered at once."""
        self._commitments.clear()

    def report(
        self, number: int = -1, *, ae_title: str = "PACS", role: bool = True, event_type: int = 0, transaction: str = ""
    ) -> int | None:
        """Report on a new association to the node; its answer, None when it does not let us.

        ``number``: of the request; ``event_type`` and ``transaction`` instead of the right ones.
        """
        entity = AE(ae_title)
        entity.add_requested_context(PUSH_MODEL)
        roles: Any = [build_role(PUSH_MODEL, scp_role=True)] if role else []
        association = entity.associate("127.0.0.1", self._node_port, ae_title="RHEUMASCORE", ext_neg=roles)
        if not association.is_established:
            return None
        information = self._information(*self.asked[number])
        information.TransactionUID = transaction or information.TransactionUID
        kind = event_type or (2 if "FailedSOPSequence" in information else 1)
        try:
            status, _ = association.send_n_event_report(information, kind, PUSH_MODEL, _INSTANCE)
            answer: int = status.Status
            return answer
        finally:
            association.release()

    def _offer_more(self, entity: AE) -> list[Any]:
        entity.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
        return [(evt.EVT_N_ACTION, self._on_action)]

    def _on_action(self, event: Any) -> tuple[int, None]:
        word = self._commitments.popleft() if self._commitments else "same"
        if isinstance(word, int):
            return word, None
        if word == "abort":
            event.assoc.abort()
            return 0x0000, None
        information = event.action_information
        uids = [str(item.ReferencedSOPInstanceUID) for item in information.ReferencedSOPSequence]
        self.asked.append((str(information.TransactionUID), uids))
        if word == "new":
            threading.Thread(target=self.report).start()
        elif word in ("same", "both"):
            requests = self.asked[:1] * (word == "both") + self.asked[-1:]
            threading.Timer(_AFTER_THE_ANSWER_SECONDS, self._report_on, (event.assoc, requests)).start()
        return 0x0000, None

    def _report_on(self, association: Any, requests: list[tuple[str, list[str]]]) -> None:
        for request in requests:
            said = self._information(*request)
            kind = 2 if "FailedSOPSequence" in said else 1
            association.send_n_event_report(said, kind, PUSH_MODEL, _INSTANCE)

    def _information(self, transaction: str, uids: list[str]) -> Dataset:
        """PS3.4 table J.3-2."""
        information = Dataset()
        information.TransactionUID = transaction
        information.ReferencedSOPSequence = [_item(u) for u in uids if u not in self.lost]
        failed = [_item(u, self.lost[u]) for u in uids if u in self.lost]
        if failed:
            information.FailedSOPSequence = failed
        return information


def _item(uid: str, failure: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = _ANY_CLASS, uid
    if failure is not None:
        item.FailureReason = failure
    return item
