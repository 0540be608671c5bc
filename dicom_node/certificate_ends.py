"""Certificates in use that end soon: for the log, the audit trail, the doctor and who calls a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Final

from dicom_node.certificate import Certificate
from dicom_node.tls_settings import TlsSection, certificates_in_use

_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class EndingCertificate:
    """A certificate in use whose last day is near, or over."""

    key: str
    """Of ``[tls]``: where it stands."""
    certificate: Certificate
    days: int
    """Whole days that are left; below 0: it has ended."""

    @property
    def words(self) -> str:
        """For log, audit trail and ``doctor``."""
        name, last_day = self.certificate.common_name or "without a name", self.certificate.last_day
        if self.days < 0:
            return f"tls.{self.key}: the certificate {name} has ended on {last_day}; nobody who looks at it connects."
        return f"tls.{self.key}: the certificate {name} ends on {last_day}, in {self.days} days; renew it before."


def ending_certificates(section: TlsSection) -> Iterator[EndingCertificate]:
    """Those that end within ``warn_days``: ours, its chain, the authorities. Raises OSError, ValueError."""
    for key, certificate in certificates_in_use(section):
        days = int((certificate.ends_at - time()) // _DAY_SECONDS)
        if days < section.warn_days:
            yield EndingCertificate(key, certificate, days)
