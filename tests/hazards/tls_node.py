"""A listener that speaks TLS only, its authority, and callers of every kind."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy import select

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import TimelineRow
from dicom_node.passcode import hash_passcode
from tests.dicom_node.receiving.raw_sender import AC
from tests.foreign_programs.certificates import Authority, Pair
from tests.foreign_programs.programs import find_program, free_port
from tests.hazards.attacked_node import AttackedNode, Sender

PASSCODE: Final = "correct horse battery"
_PEER: Final = """
[[peers]]
name = "{name}"
ae_title = "{title}"
host = "127.0.0.1"
port = 104
may_send = true
{rule}
"""


class TlsNode(AttackedNode):
    """SENDER, HONEST and DISTANT need a certificate that bears 127.0.0.1; the others have a rule each."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.authority = authority
        self.pair = _copied(authority.pair("node"), folder)
        self.sender_pair = authority.pair("sender")
        self.bound, self.pinned = authority.pair("modality-7", names=""), authority.pair("pinned", names="")
        self.plain_port = free_port()
        rules = {
            "BOUND": 'certificate_names = ["Modality-7"]',
            "PINNED": f'certificate_sha256 = ["{self.pinned.sha256}"]',
            "USER": f'user_name = "scanner"\npasscode_hash = "{hash_passcode(PASSCODE)}"',
            "ALWAYSTLS": "tls = true",
            "DISTANT": "",
        }
        peers = [_PEER.format(name=title.lower(), title=title, rule=rule) for title, rule in rules.items()]
        super().__init__(
            folder,
            tls=context_of(authority, self.sender_pair),
            limits="free_disk_bytes = 1000000",
            more=f"""
            [tls]
            certificate = "{self.pair.certificate.name}"
            key = "{self.pair.key.name}"
            trusted_cas = "{authority.certificate}"
            also_plain_port = {self.plain_port}
            {"".join(peers)}
            """,
        )

    def replace_pair(self, certificate: Path, key: Path) -> None:
        """Put another certificate and key where the node looks for its own."""
        for source, place in ((key, self.pair.key), (certificate, self.pair.certificate)):
            shutil.copy(source, place.with_suffix(".new"))
            place.with_suffix(".new").chmod(0o600)
            place.with_suffix(".new").replace(place)

    def shown_certificate(self) -> str:
        """The SHA-256 of the certificate that a new connection is shown."""
        with self.sender() as looking:
            assert isinstance(looking.socket, ssl.SSLSocket)
            shown = looking.socket.getpeercert(binary_form=True)
            assert shown is not None and looking.associate().kind == AC
            looking.end()
        return hashlib.sha256(shown).hexdigest()

    @property
    def audit_events(self) -> dict[str, set[str]]:
        """The reasons of every kind of entry in the audit trail that is about no study."""
        ledger, found = Ledger(f"sqlite:///{self.data_dir / 'ledger.sqlite3'}"), dict[str, set[str]]()
        with ledger.read() as session:
            for row in session.scalars(select(TimelineRow).where(TimelineRow.study_instance_uid.is_(None))):
                found.setdefault(row.event, set()).add(str(row.detail.get("reason", "")))
        ledger.close()
        return found

    def sender_with(self, pair: Pair) -> Sender:
        """A connection that shows this certificate."""
        return Sender(self, tls=context_of(self.authority, pair))

    def s_client(self, *options: str | Path) -> str:
        """What ``openssl s_client`` says of a connection with these options."""
        where = ("-connect", f"127.0.0.1:{self.port}", "-CAfile", self.authority.certificate)
        command = [find_program("openssl", "openssl"), "s_client", *where, *options]
        done = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr


def context_of(authority: Authority, pair: Pair | None) -> ssl.SSLContext:
    """How a caller with this certificate connects."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.certificate)
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def _copied(pair: Pair, folder: Path) -> Pair:
    made = Pair(folder / "node.crt", folder / "node.key")
    shutil.copy(pair.certificate, made.certificate)
    shutil.copy(pair.key, made.key)
    made.key.chmod(0o600)
    return made
