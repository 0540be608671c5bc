"""Why an association is not accepted (PS3.8 table 9-21), with the words for log and audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rejection:
    """Result, source and reason of A-ASSOCIATE-RJ, and in words what the caller is not told."""

    result: int
    source: int
    reason: int
    words: str


CALLED_NOT_RECOGNISED: Final = Rejection(1, 1, 7, "called AE title not recognised")
CALLING_NOT_RECOGNISED: Final = Rejection(1, 1, 3, "calling AE title not recognised")
NOT_FROM_THERE: Final = Rejection(1, 1, 3, "calling AE title is that of a peer with other hosts")
MAY_NOT_SEND: Final = Rejection(1, 1, 3, "calling AE title is that of a peer without may_send")
NOT_ITS_CERTIFICATE: Final = Rejection(1, 1, 3, "certificate is not that of this AE title")
MUST_USE_TLS: Final = Rejection(1, 1, 3, "this AE title must call over TLS")
NO_IDENTITY: Final = Rejection(1, 1, 1, "no user name and passcode")
WRONG_IDENTITY: Final = Rejection(1, 1, 1, "wrong user name or passcode")
TOO_MANY_ASSOCIATIONS: Final = Rejection(2, 3, 2, "too many associations")
OTHER_APPLICATION: Final = Rejection(1, 1, 2, "application context not supported")
OTHER_PROTOCOL: Final = Rejection(1, 2, 2, "protocol version not supported")
