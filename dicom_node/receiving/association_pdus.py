"""The PDUs that open and close an association (PS3.8 section 9.3), as an acceptor reads and writes them.

By hand: pynetdicom's reader takes 6 ms for a hundred contexts, and its checks keep one warning in memory for each
malformed UID that a stranger sends; its writer refuses some of what its reader takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dicom_node.receiving.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicom_node.receiving.user_identity import REQUEST_ITEM, RESPONSE, RESPONSE_ITEM, UserIdentity, read_user_identity

ASSOCIATE_RQ, P_DATA, RELEASE_RQ, ABORT = 0x01, 0x04, 0x05, 0x07
_ASSOCIATE_AC, _ASSOCIATE_RJ, _RELEASE_RP = 0x02, 0x03, 0x06
_APPLICATION_ITEM, _PROPOSED_ITEM, _RESULT_ITEM, _USER_ITEM = 0x10, 0x20, 0x21, 0x50
_ABSTRACT_ITEM, _TRANSFER_ITEM, _LENGTH_ITEM, _CLASS_ITEM, _ROLE_ITEM, _VERSION_ITEM = (
    0x30,
    0x40,
    0x51,
    0x52,
    0x54,
    0x55,
)
_FIXED: Final = 68
_MOST_CONTEXTS: Final = 128
APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"

RELEASE_RP: Final = struct.pack(">BxLxxxx", _RELEASE_RP, 4)


class RequestDamagedError(ValueError):
    """Not an A-ASSOCIATE-RQ."""


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """One presentation context as proposed."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    as_provider: bool = False
    """The requestor proposes to be the provider (SCP) of this class itself (PS3.7 D.3.3.4)."""


@dataclass(frozen=True, slots=True)
class ContextResult:
    """Our answer to one: result of PS3.8 table 9-18 (0: accepted) and the transfer syntax."""

    context_id: int
    result: int
    transfer_syntax: str
    role_of: str = ""
    """The abstract syntax of which the requestor shall be the provider; empty: the usual roles."""


@dataclass(frozen=True, slots=True)
class AssociationRequest:
    """Who asks and for what."""

    protocol_version: int
    called_ae_title: str
    calling_ae_title: str
    application_context: str
    contexts: tuple[ProposedContext, ...]
    longest_pdu: int
    """What the peer takes; 0: no limit."""
    titles: bytes
    """Both AE title fields as sent; the answer repeats them."""
    identity: UserIdentity | None


def read_request(body: bytes) -> AssociationRequest:
    """Read an A-ASSOCIATE-RQ's body. Raises RequestDamagedError."""
    if len(body) < _FIXED:
        raise RequestDamagedError("shorter than its fixed part")
    application, contexts, longest = "", list[ProposedContext](), 0
    providers, identity = set[str](), None
    for kind, item in _items(body, _FIXED):
        if kind == _APPLICATION_ITEM:
            application = _text(item)
        elif kind == _PROPOSED_ITEM:
            contexts.append(_context(item))
        elif kind == _USER_ITEM:
            longest = next((int.from_bytes(v, "big") for k, v in _items(item, 0) if k == _LENGTH_ITEM), 0)
            providers |= {_provider_of(v) for k, v in _items(item, 0) if k == _ROLE_ITEM}
            identity = next((_identity(v) for k, v in _items(item, 0) if k == REQUEST_ITEM), None)
    if not contexts or len(contexts) > _MOST_CONTEXTS:
        raise RequestDamagedError(f"{len(contexts)} presentation contexts")
    ids = {context.context_id for context in contexts}
    if len(ids) < len(contexts) or not all(number % 2 for number in ids):
        raise RequestDamagedError("presentation context ids are not odd and each used once")
    return AssociationRequest(
        protocol_version=int.from_bytes(body[:2], "big"),
        called_ae_title=_text(body[4:20]).strip(),
        calling_ae_title=_text(body[20:36]).strip(),
        application_context=application,
        contexts=tuple(replace(c, as_provider=c.abstract_syntax in providers) for c in contexts),
        longest_pdu=longest,
        titles=body[4:36],
        identity=identity,
    )


def encode_acceptance(
    request: AssociationRequest, results: Sequence[ContextResult], longest_pdu: int, *, identity_verified: bool
) -> bytes:
    """A-ASSOCIATE-AC: the results, the longest PDU that we take, who we are, and that we know the user if asked."""
    body = struct.pack(">HH32s32x", 1, 0, request.titles) + _item(_APPLICATION_ITEM, APPLICATION_CONTEXT.encode())
    for result in results:
        syntax = _item(_TRANSFER_ITEM, result.transfer_syntax.encode())
        body += _item(_RESULT_ITEM, bytes((result.context_id, 0, result.result, 0)) + syntax)
    body += _item(
        _USER_ITEM,
        _item(_LENGTH_ITEM, struct.pack(">L", longest_pdu))
        + _item(_CLASS_ITEM, IMPLEMENTATION_CLASS_UID.encode())
        + b"".join(_provider_role(uid) for uid in sorted({r.role_of for r in results if r.role_of}))
        + _item(_VERSION_ITEM, IMPLEMENTATION_VERSION_NAME.encode())
        + (_item(RESPONSE_ITEM, RESPONSE) if _answers_identity(request, identity_verified) else b""),
    )
    return struct.pack(">BxL", _ASSOCIATE_AC, len(body)) + body


def encode_rejection(result: int, source: int, reason: int) -> bytes:
    """A-ASSOCIATE-RJ (PS3.8 table 9-21)."""
    return struct.pack(">BxLxBBB", _ASSOCIATE_RJ, 4, result, source, reason)


def encode_abort(source: int, reason: int) -> bytes:
    """A-ABORT (PS3.8 table 9-26)."""
    return struct.pack(">BxLxxBB", ABORT, 4, source, reason)


def _answers_identity(request: AssociationRequest, verified: bool) -> bool:
    return verified and request.identity is not None and request.identity.wants_response


def _identity(item: bytes) -> UserIdentity:
    try:
        return read_user_identity(item)
    except ValueError as error:
        raise RequestDamagedError(str(error)) from None


def _context(item: bytes) -> ProposedContext:
    if len(item) < 4:
        raise RequestDamagedError("a presentation context is cut")
    inner = [(kind, _text(value)) for kind, value in _items(item, 4)]
    abstract = next((value for kind, value in inner if kind == _ABSTRACT_ITEM), "")
    return ProposedContext(item[0], abstract, tuple(value for kind, value in inner if kind == _TRANSFER_ITEM))


def _provider_of(item: bytes) -> str:
    """The class of an SCP/SCU role selection in which the requestor offers to be provider; empty: it does not."""
    length = int.from_bytes(item[:2], "big")
    if len(item) != length + 4:
        raise RequestDamagedError("a role selection is cut")
    return _text(item[2 : 2 + length]) if item[-1] == 1 else ""


def _provider_role(abstract_syntax: str) -> bytes:
    """The requestor is provider and not user (PS3.7 table D.3-10)."""
    uid = abstract_syntax.encode()
    return _item(_ROLE_ITEM, struct.pack(">H", len(uid)) + uid + b"\0\1")


def _items(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at < len(body):
        if at + 4 > len(body):
            raise RequestDamagedError("an item is cut")
        kind, length = struct.unpack_from(">BxH", body, at)
        at += 4
        if at + length > len(body):
            raise RequestDamagedError("an item crosses the end")
        yield kind, body[at : at + length]
        at += length


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip("\0 ")
