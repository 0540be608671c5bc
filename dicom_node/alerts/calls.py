"""A person is called once for each matter, and again after a day while it stands; what comes together goes together."""

from __future__ import annotations

from time import monotonic, time
from typing import Final

import structlog

from dicom_node.alert_settings import Channel
from dicom_node.alerts.channels import send_message
from dicom_node.alerts.matters import Matter, matters_now
from dicom_node.alerts.message import AlertMessage, write_message
from dicom_node.errors import AlertNotSentError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record
from dicom_node.ledger.told_matters import last_told, note_matters, note_told, to_tell
from dicom_node.settings import NodeSettings

_ACTOR: Final = "alerts"
_FIRST_WAIT_SECONDS: Final = 60.0
_LONGEST_WAIT_SECONDS: Final = 3600.0


class Calls:
    """Looks what waits for a person and tells it on every channel of ``[alerts]``."""

    def __init__(self, settings: NodeSettings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._failures: dict[Channel, int] = {}
        self._not_before: dict[Channel, float] = {}
        self._log = structlog.get_logger("alerts")

    def turn(self, now: float | None = None) -> int:
        """Send what is due; how many messages went out. Raises LedgerBusyError."""
        section = self._settings.alerts
        if not section.channels:
            return 0
        with self._ledger.read() as session:
            matters = matters_now(session, self._settings)
        return sum(self._tell(channel, matters, time() if now is None else now) for channel in section.channels)

    def _tell(self, channel: Channel, matters: list[Matter], now: float) -> bool:
        section = self._settings.alerts
        with self._ledger.write() as session:
            again = section.again_hours * 3600
            note_matters(session, channel, {matter.name for matter in matters}, now, forget_after=again)
            session.flush()
            due, last = to_tell(session, channel, now, again), last_told(session, channel)
        if not due or (last is not None and 0 <= now - last < section.every_minutes * 60):
            return False
        if monotonic() < self._not_before.get(channel, 0.0):
            return False
        told = [(matter, due[matter.name]) for matter in matters if matter.name in due]
        message = write_message(self._settings.node.ae_title, page_of(self._settings), told, now)
        if not self._send(channel, message):
            return False
        with self._ledger.write() as session:
            note_told(session, channel, due, now)
            codes = {line.code: line.number for line in message.lines}
            text = f"A person was called by {channel}: {len(told)} matters."
            record(session, None, _ACTOR, "person_called", text, channel=channel, message=message.id, codes=codes)
        return True

    def _send(self, channel: Channel, message: AlertMessage) -> bool:
        try:
            send_message(self._settings.alerts, channel, message)
        except AlertNotSentError as error:
            failures = self._failures[channel] = self._failures.get(channel, 0) + 1
            wait = min(_FIRST_WAIT_SECONDS * 2 ** (failures - 1), _LONGEST_WAIT_SECONDS)
            self._not_before[channel] = monotonic() + wait
            self._log.warning("person_not_called", channel=channel, code=error.code, text=str(error), again_in=wait)
            return False
        self._failures.pop(channel, None)
        self._not_before.pop(channel, None)
        return True


def page_of(settings: NodeSettings) -> str:
    """Where people look."""
    return settings.alerts.page_url or f"http://{settings.web.host}:{settings.web.port}/"
