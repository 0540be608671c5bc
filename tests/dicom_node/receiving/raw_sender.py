"""A sender at the level of bytes: it can say what no toolkit would."""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass
from typing import Self

CR = "1.2.840.10008.5.1.4.1.1.1"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
AC, RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = 2, 3, 4, 5, 6, 7


@dataclass(frozen=True)
class Answer:
    """One PDU that came back; ``kind`` 0: the connection was closed without another byte."""

    kind: int
    body: bytes

    @property
    def elements(self) -> dict[int, bytes]:
        """The command set of a P-DATA answer: element number -> value."""
        found, data, at = {}, self.body[6:], 0
        while at < len(data):
            _, element, length = struct.unpack_from("<HHL", data, at)
            found[element] = data[at + 8 : at + 8 + length]
            at += 8 + length
        return found

    @property
    def status(self) -> int:
        return int.from_bytes(self.elements[0x0900], "little")

    @property
    def comment(self) -> str:
        return self.elements.get(0x0902, b"").decode().strip()


class RawSender:
    """One connection."""

    def __init__(self, port: int, *, seconds: float = 60.0, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        if tls is not None:
            # A connection that ends without close_notify is an error here, not an end.
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        self.results: dict[int, tuple[int, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def associate(
        self,
        *contexts: tuple[str, tuple[str, ...]],
        calling: str = "SENDER",
        called: str = "RHEUMASCORE",
        user: tuple[str, str] | None = None,
    ) -> Answer:
        """Ask for an association; by default for CR and Verification in Explicit Little Endian."""
        self.socket.sendall(associate_request(*contexts, calling=calling, called=called, user=user))
        answer = self.receive()
        if answer.kind == AC:
            self.results = dict(_results(answer.body))
        return answer

    def store(
        self, sop_class: str, sop_instance: str, data_set: bytes, *, context: int = 1, piece: int = 16_000
    ) -> Answer:
        """C-STORE, and the answer."""
        self.send_command(store_command(sop_class, sop_instance), context)
        for at in range(0, max(len(data_set), 1), piece):
            self.send_data(data_set[at : at + piece], context, last=at + piece >= len(data_set))
        return self.receive()

    def echo(self, context: int = 3) -> Answer:
        """C-ECHO, and the answer."""
        self.send_command(
            command({0x0002: uid(VERIFICATION), 0x0100: us(0x30), 0x0110: us(7), 0x0800: us(0x101)}), context
        )
        return self.receive()

    def release(self) -> Answer:
        """A-RELEASE, and the answer."""
        self.socket.sendall(pdu(RELEASE_RQ, bytes(4)))
        return self.receive()

    def send_command(self, encoded: bytes, context: int = 1) -> None:
        self.socket.sendall(pdu(P_DATA, pdv(encoded, context, 3)))

    def send_data(self, data: bytes, context: int = 1, *, last: bool) -> None:
        self.socket.sendall(pdu(P_DATA, pdv(data, context, 2 if last else 0)))

    def receive(self) -> Answer:
        """The next PDU."""
        try:
            head = self._exactly(6)
            kind, length = struct.unpack(">BxL", head)
            return Answer(kind, self._exactly(length))
        except (EOFError, ConnectionError):
            return Answer(0, b"")

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not (more := self.socket.recv(count - len(data))):
                raise EOFError
            data += more
        return data


def associate_request(
    *contexts: tuple[str, tuple[str, ...]],
    calling: str = "SENDER",
    called: str = "RHEUMASCORE",
    user: tuple[str, str] | None = None,
) -> bytes:
    """An A-ASSOCIATE-RQ; context ids are 1, 3, 5 …; ``user``: its name and passcode."""
    offered = contexts or ((CR, (EXPLICIT,)), (VERIFICATION, (EXPLICIT,)))
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16).encode(), calling.ljust(16).encode())
    body += _item(0x10, b"1.2.840.10008.3.1.1.1")
    for number, (abstract, syntaxes) in enumerate(offered):
        inner = _item(0x30, abstract.encode()) + b"".join(_item(0x40, s.encode()) for s in syntaxes)
        body += _item(0x20, bytes((2 * number + 1, 0, 0, 0)) + inner)
    said = _item(0x51, struct.pack(">L", 16384)) + _item(0x52, b"1.2.3.4")
    if user is not None:
        words = (struct.pack(">H", len(word.encode())) + word.encode() for word in user)
        said += _item(0x58, bytes((2, 0)) + b"".join(words))
    body += _item(0x50, said)
    return pdu(1, body)


def store_command(sop_class: str, sop_instance: str) -> bytes:
    """A C-STORE-RQ command set."""
    return command(
        {
            0x0002: uid(sop_class),
            0x0100: us(1),
            0x0110: us(7),
            0x0700: us(0),
            0x0800: us(1),
            0x1000: uid(sop_instance),
        }
    )


def command(elements: dict[int, bytes]) -> bytes:
    """A command set with its group length."""
    body = b"".join(struct.pack("<HHL", 0, e, len(v)) + v for e, v in sorted(elements.items()))
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(body)) + body


def pdv(data: bytes, context: int, control: int) -> bytes:
    return struct.pack(">LBB", len(data) + 2, context, control) + data


def us(number: int) -> bytes:
    return struct.pack("<H", number)


def uid(text: str) -> bytes:
    value = text.encode()
    return value + b"\0" * (len(value) % 2)


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _results(body: bytes) -> list[tuple[int, tuple[int, str]]]:
    found, at = [], 68
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        if kind == 0x21:
            syntax_length = struct.unpack_from(">H", body, at + 10)[0]
            syntax = body[at + 12 : at + 12 + syntax_length].decode()
            found.append((body[at + 4], (body[at + 6], syntax)))
        at += 4 + length
    return found
