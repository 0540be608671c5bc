"""The certificate that the port shows: taken up anew when its files change, and watched for its last day."""

from __future__ import annotations

import ssl
from pathlib import Path
from time import monotonic
from typing import Final

import structlog

from dicom_node.background_loop import BackgroundLoop
from dicom_node.certificate_ends import ending_certificates
from dicom_node.errors import LedgerBusyError, SettingsError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record
from dicom_node.tls_settings import TlsSection, certificates_in_use, server_context

_LOOK_SECONDS: Final = 1.0
_DAY_SECONDS: Final = 86_400.0
_MOST_SESSIONS: Final = 1_000
"""OpenSSL keeps each session of TLS 1.2 for hours, and Python cannot tell it not to: a fresh context forgets them."""


class CertificateWatch(BackgroundLoop):
    """Looks at the files every second, in a thread of its own between ``with`` and its end.

    Connections that are open keep what they were opened with. A new pair that cannot be used is refused with a line in
    the log, and the old one stays in force.
    """

    def __init__(self, section: TlsSection, ledger: Ledger) -> None:
        """Raises SettingsError when the files cannot be used: a node does not begin with a broken certificate."""
        super().__init__("certificates")
        self._section, self._ledger = section, ledger
        self._log = structlog.get_logger("listener")
        self._seen = _stamps(section.files)
        self._context, self._sound = server_context(section), True

    def context(self) -> ssl.SSLContext:
        """What a new connection is served with."""
        return self._context

    def reload(self) -> None:
        """Look now, and take up the files even if they seem unchanged (SIGHUP). Never waits."""
        self._seen = ()
        self._wake.set()

    def _run(self) -> None:
        warn_at = monotonic()
        while not self._stopping.is_set():
            if (stamps := _stamps(self._section.files)) != self._seen:
                self._seen = stamps
                self._take_up()
                warn_at = monotonic()
            elif self._sound and self._context.session_stats()["number"] > _MOST_SESSIONS:
                self._take_up(news=False)
            if monotonic() >= warn_at:
                self._warn()
                warn_at = monotonic() + _DAY_SECONDS
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()

    def _take_up(self, *, news: bool = True) -> None:
        self._sound = False
        try:
            context, (_, ours) = server_context(self._section), certificates_in_use(self._section)[0]
        except (SettingsError, OSError, ValueError) as error:
            self._log.error("tls_certificate_refused", error=str(error), in_force="the one before")
            return
        self._context, self._sound = context, True
        if news:
            self._log.info("tls_certificate_taken_up", sha256=ours.sha256, last_day=ours.last_day)

    def _warn(self) -> None:
        try:
            ending = list(ending_certificates(self._section))
        except (OSError, ValueError):  # said already when it was not taken up
            return
        for each in ending:
            self._log.warning("certificate_ends", key=each.key, last_day=each.certificate.last_day, days=each.days)
        try:
            with self._ledger.write() as session:
                for each in ending:
                    record(
                        session, None, "listener", "certificate_ends", each.words,
                        key=each.key, sha256=each.certificate.sha256, days=each.days,
                    )  # fmt: skip
        except LedgerBusyError as busy:  # the log has it, and tomorrow is another day
            self._log.warning("certificate_ends_not_recorded", error=str(busy))


def _stamps(files: tuple[Path, ...]) -> tuple[tuple[int, int, int], ...]:
    """What changes when a file is written or replaced; nothing for one that is not there now."""
    found = []
    for path in files:
        try:
            at = path.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((at.st_mtime_ns, at.st_size, at.st_ino))
    return tuple(found)
