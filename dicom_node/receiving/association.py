"""One association as acceptor (PS3.8 section 9): who calls and for what, then messages until it is released.

The data set of a C-STORE goes to the inbox fragment by fragment; no instance is ever held in memory.
"""

from __future__ import annotations

import struct
import traceback
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import structlog

from dicom_node.delivery.commitment_report import PUSH_MODEL
from dicom_node.receiving.admission import NOBODY, Admitted, Caller
from dicom_node.receiving.association_guard import (
    CLOSED_BY_PEER,
    GuardedChannel,
    PduTooLongError,
    PeerGoneError,
    PeerTooSlowError,
)
from dicom_node.receiving.association_pdus import (
    ABORT,
    APPLICATION_CONTEXT,
    ASSOCIATE_RQ,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    AssociationRequest,
    ContextResult,
    ProposedContext,
    RequestDamagedError,
    encode_acceptance,
    encode_rejection,
    read_request,
)
from dicom_node.receiving.dimse_command import (
    C_CANCEL_RQ,
    C_ECHO_RQ,
    C_STORE_RQ,
    LONGEST_COMMAND,
    N_EVENT_REPORT_RQ,
    RESPONSE,
    CommandError,
    DimseCommand,
    encode_response,
    read_command,
)
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.incoming_report import LARGEST_REPORT, IncomingReport
from dicom_node.receiving.incoming_store import IncomingStore
from dicom_node.receiving.presentation_contexts import choose_transfer_syntax, is_taken
from dicom_node.receiving.refusal_tally import Refusal, RefusalKind
from dicom_node.receiving.rejections import OTHER_APPLICATION, OTHER_PROTOCOL, Rejection
from dicom_node.receiving.store_status import SUCCESS, UNRECOGNISED_OPERATION
from dicom_node.receiving.tls_handshake import TlsFaultError

_LONGEST_REQUEST: Final = 65_536
_IMPLICIT: Final = "1.2.840.10008.1.2"
_CLASS_NOT_SUPPORTED, _SYNTAXES_NOT_SUPPORTED = 3, 4
_BY_USER, _BY_PROVIDER = 0, 2
_UNRECOGNISED_PDU, _UNEXPECTED_PDU, _INVALID_PARAMETER = 1, 2, 6
_COMMAND, _LAST = 1, 2
_SMALLEST_PEER_PDU: Final = 128


Admit = Callable[[Caller], Rejection | Admitted]
"""Decides on a caller."""


class ProtocolFaultError(Exception):
    """The peer broke the upper layer protocol; ``reason`` of PS3.8 table 9-26."""

    def __init__(self, words: str, reason: int = _INVALID_PARAMETER) -> None:
        super().__init__(words)
        self.reason = reason


class Association:
    """One connection from its first byte to its last."""

    def __init__(
        self,
        channel: GuardedChannel,
        name: str,
        inbox: Inbox,
        admit: Admit,
        pdu_bytes: int,
        stopping: Callable[[], bool],
        refused: Callable[[Refusal], None],
    ) -> None:
        self._refused = refused
        self._channel, self._inbox, self._admit = channel, inbox, admit
        self._pdu_bytes, self._stopping = pdu_bytes, stopping
        self._log = structlog.get_logger("listener").bind(association=name, address=channel.address)
        self._contexts: dict[int, tuple[str, str]] = {}
        self._peer_pdu_bytes = 0
        self._calling_ae_title = ""
        self._command_bytes = bytearray()
        self._context_id = 0
        self._request: DimseCommand | None = None
        self._store: IncomingStore | None = None
        self._report: IncomingReport | None = None
        self._admitted = NOBODY
        self._small = 0

    def serve(self) -> None:
        """Serve until the association ends, however it ends. Never raises for what a peer does."""
        began = monotonic()
        end = "released"
        try:
            if self._negotiate():
                self._serve_messages()
            else:
                end = "rejected"
        except PeerGoneError as gone:
            end = str(gone)
            if self._stopping():
                end = "stopped"
                self._channel.abort(_BY_USER, 0)
        except TlsFaultError as fault:
            end = str(fault)
            self._log.warning("tls_refused", reason=end)
            self._note_refusal("tls_refused", end)
            self._channel.close_after_answer()  # so that the caller still gets OpenSSL's alert
        except PeerTooSlowError as late:
            end = f"too {late}"
            self._channel.abort(_BY_PROVIDER, 0)
        except PduTooLongError as fault:
            end = f"PDU too long: {fault}"
            self._channel.abort(_BY_PROVIDER, _INVALID_PARAMETER)
            self._note_refusal("association_aborted", "PDU too long")
        except ProtocolFaultError as fault:
            end = f"protocol fault: {fault}"
            self._channel.abort(_BY_PROVIDER, fault.reason)
            self._note_refusal("association_aborted", "protocol fault")
        except Exception as error:  # a fault of ours: this association ends, the others and the port go on
            end = f"fault of this node: {type(error).__name__}"
            self._log.error("association_fault", error=type(error).__name__, where=_last_line(error))
            self._channel.abort(_BY_PROVIDER, 0)
        finally:
            if self._store:
                self._store.abort()
            self._channel.close()
            self._admitted.leave()
            # A load balancer's look at the port is no news.
            say = self._log.info if self._calling_ae_title or end != CLOSED_BY_PEER else self._log.debug
            say("association_ended", how=end, seconds=round(monotonic() - began, 3))

    # Negotiation

    def _negotiate(self) -> bool:
        self._channel.shake_hands()
        kind, body = self._channel.read_request(_LONGEST_REQUEST)
        if kind != ASSOCIATE_RQ:
            raise ProtocolFaultError("the first PDU is no A-ASSOCIATE-RQ", _UNEXPECTED_PDU)
        try:
            request = read_request(bytes(body))
        except RequestDamagedError as error:
            raise ProtocolFaultError(f"A-ASSOCIATE-RQ: {error}") from None
        caller = Caller(
            request.calling_ae_title,
            request.called_ae_title,
            self._channel.address,
            over_tls=bool(self._channel.tls_version),
            certificate=self._channel.certificate,
            identity=request.identity,
        )
        self._log = self._log.bind(calling=caller.calling_ae_title)
        admitted = _wrong_protocol(request) or self._admit(caller)
        if isinstance(admitted, Rejection):
            self._channel.send(encode_rejection(admitted.result, admitted.source, admitted.reason))
            self._log.warning("association_rejected", reason=admitted.words, called=caller.called_ae_title)
            self._calling_ae_title = caller.calling_ae_title
            self._note_refusal("association_rejected", admitted.words)
            self._channel.close_after_answer()
            return False
        self._admitted = admitted
        self._channel.established = True
        self._calling_ae_title = caller.calling_ae_title
        self._peer_pdu_bytes = request.longest_pdu
        results = [self._judge(proposed) for proposed in request.contexts]
        verified = admitted.identity_verified
        self._channel.send(encode_acceptance(request, results, self._pdu_bytes, identity_verified=verified))
        self._log.info("association_accepted", contexts=len(self._contexts), tls=self._channel.tls_version or None)
        return True

    def _judge(self, proposed: ProposedContext) -> ContextResult:
        abstract = proposed.abstract_syntax
        reports = abstract == PUSH_MODEL and proposed.as_provider and bool(self._admitted.reports_for)
        if not reports and not is_taken(abstract, storage=self._admitted.may_store):
            return ContextResult(proposed.context_id, _CLASS_NOT_SUPPORTED, _IMPLICIT)
        chosen = choose_transfer_syntax(proposed.transfer_syntaxes)
        if chosen is None:
            return ContextResult(proposed.context_id, _SYNTAXES_NOT_SUPPORTED, _IMPLICIT)
        self._contexts[proposed.context_id] = (abstract, chosen)
        return ContextResult(proposed.context_id, 0, chosen, role_of=abstract if reports else "")

    # Messages

    def _serve_messages(self) -> None:
        while True:
            kind, body = self._channel.read_pdu(self._pdu_bytes)
            if kind == P_DATA:
                self._take_data(body)
            elif kind == RELEASE_RQ:
                self._admitted.leave()  # before the answer: a peer that comes again at once must find its place free
                self._channel.send(RELEASE_RP)
                self._channel.close_after_answer()
                return
            elif kind == ABORT:
                raise PeerGoneError("aborted by the peer")
            else:
                raise ProtocolFaultError(f"PDU type {kind}", _UNEXPECTED_PDU if 1 <= kind <= 7 else _UNRECOGNISED_PDU)

    def _take_data(self, body: memoryview) -> None:
        if not body:  # PS3.8 9.3.5: one PDV at least; without, an idle association could be kept for ever
            raise ProtocolFaultError("a P-DATA-TF without a PDV")
        at = 0
        while at < len(body):
            if at + 6 > len(body):
                raise ProtocolFaultError("a PDV header is cut")
            length, context_id, control = struct.unpack_from(">LBB", body, at)
            if length < 2 or at + 4 + length > len(body):
                raise ProtocolFaultError("a PDV crosses the end of its PDU")
            fragment = body[at + 6 : at + 4 + length]
            at += 4 + length
            if context_id not in self._contexts:
                raise ProtocolFaultError("a PDV on a context that was not accepted")
            if control & _COMMAND:
                self._take_command(context_id, fragment, bool(control & _LAST))
            else:
                self._take_data_set(context_id, fragment, bool(control & _LAST))

    def _take_command(self, context_id: int, fragment: memoryview, last: bool) -> None:
        if self._request is not None:
            raise ProtocolFaultError("a command inside a data set")
        if self._command_bytes and context_id != self._context_id:
            raise ProtocolFaultError("a command on two contexts")
        self._channel.working(True)
        self._context_id = context_id
        self._command_bytes += fragment
        if len(self._command_bytes) > LONGEST_COMMAND:
            raise ProtocolFaultError("a command without end")
        if not last:
            return
        try:
            request = read_command(bytes(self._command_bytes))
        except CommandError as error:
            raise ProtocolFaultError(f"not a command set: {error}") from None
        self._command_bytes.clear()
        self._small = 0
        if request.field & RESPONSE:
            raise ProtocolFaultError("a response to nothing")
        if request.field == C_STORE_RQ:
            abstract, transfer = self._contexts[context_id]
            self._store = IncomingStore(
                self._inbox, request, abstract, transfer, self._calling_ae_title, stopping=self._stopping()
            )
        elif request.field == N_EVENT_REPORT_RQ:
            abstract, transfer = self._contexts[context_id]
            self._report = IncomingReport(
                self._inbox.ledger, request, abstract, transfer, self._admitted.reports_for, self._calling_ae_title
            )
        if request.has_data_set:
            self._request = request
        else:
            self._answer(request)

    def _take_data_set(self, context_id: int, fragment: memoryview, last: bool) -> None:
        request = self._request
        if request is None or context_id != self._context_id:
            raise ProtocolFaultError("a data set without its command")
        if self._store is not None:
            self._store.write(fragment)
            if self._store.hopeless:
                self._answer(request)
                self._channel.abort(_BY_USER, 0)
                raise PeerGoneError("an instance without end")
        else:
            self._small += len(fragment)
            if self._small > LARGEST_REPORT:
                raise ProtocolFaultError("a large data set that is no instance")
            if self._report is not None:
                self._report.write(fragment)
        if last:
            self._request = None
            self._answer(request)

    def _answer(self, request: DimseCommand) -> None:
        store, self._store = self._store, None
        report, self._report = self._report, None
        if store is not None:
            answer = store.finish(self._log)
            if answer.status != SUCCESS:
                self._note_refusal("instance_refused", f"0x{answer.status:04X} {answer.comment}")
            self._send_command(encode_response(request, answer.status, answer.comment, answer.offending_element))
        elif report is not None:
            said = report.finish(self._log)
            self._send_command(encode_response(request, said.status, said.comment))
        elif request.field == C_ECHO_RQ:
            self._send_command(encode_response(request, SUCCESS))
        elif request.field != C_CANCEL_RQ:  # nothing here runs long enough to be cancelled
            self._send_command(encode_response(request, UNRECOGNISED_OPERATION))
        self._channel.working(False)

    def _note_refusal(self, event: RefusalKind, reason: str) -> None:
        self._refused(Refusal(event, self._calling_ae_title, self._channel.address, reason))

    def _send_command(self, command: bytes) -> None:
        most = max(self._peer_pdu_bytes or self._pdu_bytes, _SMALLEST_PEER_PDU) - 6
        pdus = []
        for at in range(0, len(command), most):
            part = command[at : at + most]
            control = _COMMAND | (_LAST if at + most >= len(command) else 0)
            pdus.append(struct.pack(">BxLLBB", P_DATA, len(part) + 6, len(part) + 2, self._context_id, control) + part)
        self._channel.send(b"".join(pdus))


def _last_line(error: BaseException) -> str:
    """File and line where it was raised, without values: a trace in a log may hold patient data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _wrong_protocol(request: AssociationRequest) -> Rejection | None:
    if not request.protocol_version & 1:
        return OTHER_PROTOCOL
    return OTHER_APPLICATION if request.application_context != APPLICATION_CONTEXT else None
