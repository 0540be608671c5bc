"""A mail server that keeps what it is given: SMTP (RFC 5321) with TLS and AUTH PLAIN, on a free port."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self


class MailServer:
    """Runs between ``with`` and its end. ``mails``: what came, in order."""

    def __init__(
        self, certificate: Path | None = None, login: tuple[str, str] | None = None, *, tls_at_once: bool = False
    ) -> None:
        """``certificate``: PEM with key; then STARTTLS is offered, or TLS begun with. ``login``: who may send."""
        self.mails: list[EmailMessage] = []
        self.refusing = ""
        """An answer to MAIL FROM that refuses, for example ``451 later``."""
        self.login, self.tls_at_once = login, tls_at_once
        self.over_tls: list[bool] = []
        """Of each mail: did it come over TLS."""
        self.context: ssl.SSLContext | None = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(mailbox: MailServer) -> type[socketserver.StreamRequestHandler]:
    class Conversation(socketserver.StreamRequestHandler):
        timeout = 30

        def setup(self) -> None:
            if mailbox.tls_at_once and mailbox.context:
                self.request = mailbox.context.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            self.secure, self.known = mailbox.tls_at_once, mailbox.login is None
            self._say("220 mail.test ESMTP")
            while line := self.rfile.readline().decode("ascii", "replace").strip():
                word = line.partition(" ")[0].upper()
                if word == "QUIT":
                    self._say("221 bye")
                    return
                self._answer(word, line)

        def finish(self) -> None:
            for part in (self.wfile, self.rfile, self.connection):
                part.close()

        def _answer(self, word: str, line: str) -> None:
            if word == "EHLO":
                offers = ["mail.test", *(["STARTTLS"] if mailbox.context and not self.secure else []), "AUTH PLAIN"]
                for n, offer in enumerate(offers):
                    self._say(f"250{' ' if n == len(offers) - 1 else '-'}{offer}")
            elif word == "STARTTLS" and mailbox.context:
                self._say("220 go ahead")
                self.connection = mailbox.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)  # type: ignore[assignment]
                self.secure = True
            elif word == "AUTH":
                given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                self.known = mailbox.login is None or tuple(given) == mailbox.login
                self._say("235 welcome" if self.known else "535 no")
            elif word == "MAIL" and (mailbox.refusing or not self.known):
                self._say(mailbox.refusing or "530 who are you")
            elif word == "DATA":
                self._say("354 go on")
                lines = []
                while (row := self.rfile.readline()) != b".\r\n":
                    lines.append(row)
                mailbox.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
                mailbox.over_tls.append(self.secure)
                self._say("250 kept")
            else:
                self._say("250 ok")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Conversation
