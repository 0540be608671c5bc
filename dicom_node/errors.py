"""Errors of the node. Retry asks one question only: transient or permanent.

RheumascoreError
├── SettingsError                RS-301  node.toml says something it may not
├── PortInUseError               RS-302  somebody else listens on the configured port
├── DataFolderError              RS-303  data_dir cannot be used
├── TransientError               RS-310  worth trying again, later, without a person
│   ├── DestinationAwayError     RS-311  no association: nobody listens, time-out, aborted
│   │   └── DestinationUntrustedError  RS-316  TLS failed: its certificate, ours, or the version
│   ├── DestinationBusyError     RS-312  the peer answered with a status that means later (A7xx)
│   ├── LedgerBusyError          RS-313  the database did not answer in time
│   ├── ContentNotWrittenError   RS-314  the content store has no room, or its disk refuses
│   └── LeaseLostError           RS-315  somebody else may have the job by now
├── InstanceRefusedError         RS-330  an instance was not taken; carries the C-STORE status that says why
├── WrapError                    RS-340  a picture cannot be wrapped, or the call names what is not allowed
├── WithdrawalError              RS-341  there is nothing to withdraw, or the reason is none
├── BackupError                  RS-342  a backup cannot be made, is damaged, or cannot be restored there
├── AlertNotSentError            RS-343  a person could not be called by e-mail or webhook
├── VerificationError            RS-344  there is no result that could be scored again
└── PermanentError               RS-320  a person must look
    ├── DestinationRefusesError  RS-321  the peer rejects us, the SOP class or the object (A9xx, Cxxx, 0122)
    ├── InstanceLostError        RS-322  the ledger names content that the store does not hold
    ├── NoDestinationError       RS-323  no configured peer receives results
    ├── NotCommittedError        RS-324  a destination loses what it stored, however often it is sent
    ├── ContentRemovedError      RS-325  retention removed what is needed; the sender may send it again
    └── NotSeenError             RS-326  a destination has stored it, and does not find it when it is queried
"""

from __future__ import annotations

from scoring.errors import RheumascoreError


class SettingsError(RheumascoreError):
    """node.toml has faults; the message lists all of them: key, what it got, what is allowed."""

    code = "RS-301"


class PortInUseError(RheumascoreError):
    """A port that the node wants is taken."""

    code = "RS-302"


class DataFolderError(RheumascoreError):
    """data_dir cannot be created or written."""

    code = "RS-303"


class TransientError(RheumascoreError):
    """Worth trying again later without a person."""

    code = "RS-310"

    def __init__(self, message: str, *, at_the_door: bool = False) -> None:
        """``at_the_door``: no association was had, so that it says nothing of this piece of work."""
        super().__init__(message)
        self.at_the_door = at_the_door


class DestinationAwayError(TransientError):
    """No association could be had, or it ended before the answer."""

    code = "RS-311"


class DestinationUntrustedError(DestinationAwayError):
    """No TLS with the peer: one of the two certificates is not trusted, or nothing is in common."""

    code = "RS-316"


class DestinationBusyError(TransientError):
    """The peer is out of resources: status A7xx, or it rejected the association as transient."""

    code = "RS-312"


class LedgerBusyError(TransientError):
    """The database did not answer in time."""

    code = "RS-313"


class ContentNotWrittenError(TransientError):
    """The content store could not write: no room, over quota, read-only."""

    code = "RS-314"


class LeaseLostError(TransientError):
    """The lease ended and somebody else may have the job: what was done under it must not be written."""

    code = "RS-315"


class InstanceRefusedError(RheumascoreError):
    """An instance was not taken, and nothing of it is kept: the status of PS3.4 table B.2-1 and what was wrong."""

    code = "RS-330"

    def __init__(self, status: int, comment: str, offending_element: int | None = None) -> None:
        """``comment``: at most 64 characters, no patient data; ``offending_element``: the tag that is wrong."""
        super().__init__(f"{comment} (status 0x{status:04X})")
        self.status, self.comment, self.offending_element = status, comment[:64], offending_element


class WrapError(RheumascoreError):
    """A picture cannot be wrapped, or the call names something that is not allowed."""

    code = "RS-340"


class WithdrawalError(RheumascoreError):
    """A study has no result that could be withdrawn, it is withdrawn already, or the reason is empty or too long."""

    code = "RS-341"


class BackupError(RheumascoreError):
    """A backup cannot be made, is damaged, or cannot be restored into this place."""

    code = "RS-342"


class AlertNotSentError(RheumascoreError):
    """The mail server or the webhook did not take the message."""

    code = "RS-343"


class VerificationError(RheumascoreError):
    """A study has no result that stands, so nothing can be scored again and compared."""

    code = "RS-344"


class PermanentError(RheumascoreError):
    """Trying again changes nothing: a person must look."""

    code = "RS-320"


class DestinationRefusesError(PermanentError):
    """The peer rejects us, the SOP class, or the object itself."""

    code = "RS-321"

    def __init__(self, message: str, *, takes_nothing: bool = False) -> None:
        """``takes_nothing``: it accepted the association, and none of the SOP classes that were proposed."""
        super().__init__(message)
        self.takes_nothing = takes_nothing


class InstanceLostError(PermanentError):
    """The ledger names content that the store does not hold."""

    code = "RS-322"


class NoDestinationError(PermanentError):
    """No configured peer has ``receives_results``."""

    code = "RS-323"


class ContentRemovedError(PermanentError):
    """``[retention]`` removed content that is needed now; it is kept again when the sender sends it again."""

    code = "RS-325"


class NotCommittedError(PermanentError):
    """The peer answers every store with success and says afterwards that it does not hold the object."""

    code = "RS-324"


class NotSeenError(PermanentError):
    """The peer answers every store with success and finds nothing of it when it is queried."""

    code = "RS-326"
