"""``[alerts]`` of node.toml: how a person is called when something waits for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from dicom_node.secret import NO_SECRET, Secret

SmtpTls = Literal["starttls", "tls", "none"]
Channel = Literal["email", "webhook"]
_SCHEMES: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class AlertsSection:
    """``[alerts]``: nobody is called unless ``smtp_host`` or ``webhook_url`` is given. No message names a patient."""

    every_minutes: float = 15.0
    """What comes up within this time goes out in one message."""
    again_hours: float = 24.0
    """A matter that still stands is told again after this."""
    backup_days: float = 0.0
    """A last backup older than this is a matter for a person; 0: it is not asked for."""
    page_url: str = ""
    """The address under which people reach the page; empty: as ``[web]`` says."""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: SmtpTls = "starttls"
    smtp_user: str = ""
    smtp_password: Secret = NO_SECRET
    email_from: str = ""
    email_to: tuple[str, ...] = ()
    webhook_url: str = ""
    webhook_secret: Secret = NO_SECRET
    """Signs each message: HMAC-SHA256 over its time and body."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways by which a person is called."""
        given: list[Channel] = []
        if self.smtp_host:
            given.append("email")
        if self.webhook_url:
            given.append("webhook")
        return tuple(given)


def alert_faults(section: AlertsSection) -> list[str]:
    """What is not allowed, in words for people."""
    faults = [
        f"alerts.{key}: got {value:g}, allowed: more than 0"
        for key, value in (
            ("every_minutes", section.every_minutes),
            ("again_hours", section.again_hours),
        )
        if not value > 0
    ]
    if section.backup_days < 0:
        faults.append(f"alerts.backup_days: got {section.backup_days:g}, allowed: 0 or more")
    if section.smtp_host:
        faults += _faults_of_mail(section)
    for key, url in (("webhook_url", section.webhook_url), ("page_url", section.page_url)):
        if url and not _is_web_address(url):
            faults.append(f"alerts.{key}: allowed: http://… or https://… with a host, without user and password")
    return faults


def _faults_of_mail(section: AlertsSection) -> list[str]:
    faults = []
    if not 1 <= section.smtp_port <= 65535:
        faults.append(f"alerts.smtp_port: got {section.smtp_port}, allowed: 1 to 65535")
    if not section.email_to:
        faults.append("alerts.email_to: is empty, allowed: a list of addresses")
    for key, address in (("email_from", section.email_from), *(("email_to", a) for a in section.email_to)):
        if address.count("@") != 1 or not address.isprintable() or " " in address:
            faults.append(f"alerts.{key}: got {address!r}, allowed: name@host")
    if section.smtp_password and section.smtp_tls == "none":
        faults.append('alerts.smtp_tls: got "none", allowed with a password: starttls, tls')
    return faults


def _is_web_address(url: str) -> bool:
    """Looked at here and not repeated: a path may hold a secret."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False
