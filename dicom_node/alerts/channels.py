"""How a message leaves: by mail, or as JSON to a webhook. Each answers within its time, or it counts as not sent."""

from __future__ import annotations

import hmac
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from dataclasses import asdict
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final

from dicom_node.alert_settings import AlertsSection, Channel
from dicom_node.alerts.message import AlertMessage
from dicom_node.errors import AlertNotSentError

SIGNATURE: Final = "X-Rheumascore-Signature"
TIMESTAMP: Final = "X-Rheumascore-Timestamp"
_SECONDS: Final = 20.0


def send_message(section: AlertsSection, channel: Channel, message: AlertMessage) -> None:
    """Send, and return once the other side has taken it. Raises AlertNotSentError."""
    (_send_mail if channel == "email" else _post)(section, message)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver computes too: HMAC-SHA256 over the time, a dot and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def _send_mail(section: AlertsSection, message: AlertMessage) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = section.email_from, ", ".join(section.email_to), message.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.id}@rheumascore.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    where = f"{section.smtp_host}:{section.smtp_port}"
    try:
        with _mail_server(section) as server:
            if section.smtp_user:
                server.login(section.smtp_user, section.smtp_password.reveal())
            refused = server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:  # its text may quote the password's line: only its kind is said
        raise AlertNotSentError(f"The mail server {where} did not take the message ({_kind(error)}).") from None
    if refused:
        raise AlertNotSentError(
            f"The mail server {where} refused {len(refused)} of {len(section.email_to)} recipients."
        )


def _mail_server(section: AlertsSection) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if section.smtp_tls == "tls":
        return smtplib.SMTP_SSL(section.smtp_host, section.smtp_port, timeout=_SECONDS, context=context)
    server = smtplib.SMTP(section.smtp_host, section.smtp_port, timeout=_SECONDS)
    if section.smtp_tls == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _kind(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signed message goes where node.toml says, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(section: AlertsSection, message: AlertMessage) -> None:
    body = json.dumps(asdict(message) | {"subject": message.subject}, sort_keys=True).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "rheumascore", TIMESTAMP: message.sent_at}
    if section.webhook_secret:
        headers[SIGNATURE] = "sha256=" + signature(section.webhook_secret.reveal(), message.sent_at, body)
    request = urllib.request.Request(section.webhook_url, body, headers, method="POST")  # noqa: S310  # settings: http(s)
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler())
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        raise AlertNotSentError(f"The webhook answered with status {error.code}.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AlertNotSentError(f"The webhook did not take the message ({type(error).__name__}).") from None
