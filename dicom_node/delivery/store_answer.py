"""A C-STORE status read as PS3.4 Table B.2-1 and PS3.7 Annex C mean it: sent, later, or never."""

from __future__ import annotations

from typing import Final

from dicom_node.delivery.destination import ObjectAnswer, Verdict
from dicom_node.delivery.error_comment import words_of

_SENT_WITH_NOTE: Final = {
    0x0107: "stored; an attribute list error was noted",
    0x0116: "stored; a value out of range was noted",
    # Our UIDs are derived from the bytes: what it holds under this UID is what we sent.
    0x0111: "it holds this object already",
    0xB000: "stored; data elements were coerced",
    0xB006: "stored; elements were discarded",
    0xB007: "stored; the data set does not match its SOP Class",
}
_LATER: Final = {
    0x0110: "processing failure",
    0x0213: "resource limitation",
}
_NEVER: Final = {
    0x0117: "invalid SOP Instance UID",
    0x0122: "SOP Class not supported",
    0x0124: "not authorised",
}


def read_store_status(status: int, comment: str = "") -> ObjectAnswer:
    """Verdict and words for one status. ``comment``: the peer's Error Comment, of which no name is quoted."""
    verdict, words = _verdict(status)
    said = words_of(comment)
    return ObjectAnswer(verdict, status, f"0x{status:04X}, {words}" + (f" ({said!r})" if said else ""))


def _verdict(status: int) -> tuple[Verdict, str]:
    if status == 0x0000:
        return "sent", "stored"
    if status in _SENT_WITH_NOTE or 0xB000 <= status <= 0xBFFF:
        return "sent", _SENT_WITH_NOTE.get(status, "stored with a warning")
    if 0xA700 <= status <= 0xA7FF:
        return "later", "out of resources"
    if status in _LATER:
        return "later", _LATER[status]
    if 0xA900 <= status <= 0xA9FF:
        return "never", "data set does not match SOP Class"
    if 0xC000 <= status <= 0xCFFF:
        return "never", "cannot understand"
    return "never", _NEVER.get(status, "failure")
