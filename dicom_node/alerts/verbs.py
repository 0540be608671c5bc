"""``rheumascore alerts``: what waits for a person, and does a message arrive."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from time import time

import typer
from sqlalchemy import select

from dicom_node.alerts.calls import page_of
from dicom_node.alerts.channels import send_message
from dicom_node.alerts.matters import matters_now
from dicom_node.alerts.message import trial_message
from dicom_node.errors import AlertNotSentError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import AlertRow
from dicom_node.settings import read_settings
from dicom_node.study_status import timestamp


def print_alerts(config: Path, *, as_json: bool) -> int:
    """A line for each matter, with when it was told. 1 when something waits."""
    settings = read_settings(config)
    ledger = Ledger(settings.database_url)
    ledger.upgrade()
    with ledger.read() as session:
        matters = matters_now(session, settings)
        told = {(row.matter, row.channel): row.told_at for row in session.scalars(select(AlertRow))}
    ledger.close()
    rows = [
        {
            "code": matter.code,
            "words": matter.words,
            "told": {channel: timestamp(told.get((matter.name, channel))) for channel in settings.alerts.channels},
        }
        for matter in matters
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            typer.echo(f"{row['code']:12} {row['words']}; {_told(row['told'].items())}")  # type: ignore[attr-defined]
        if not rows:
            typer.echo("nothing waits for a person")
    return 1 if rows else 0


def print_test(config: Path) -> int:
    """Send one on each channel. 1 when there is none, or one was not taken."""
    settings = read_settings(config)
    if not settings.alerts.channels:
        typer.echo("[alerts] names neither smtp_host nor webhook_url: nobody would be called.", err=True)
        return 1
    message, failed = trial_message(settings.node.ae_title, page_of(settings), time()), 0
    for channel in settings.alerts.channels:
        try:
            send_message(settings.alerts, channel, message)
            typer.echo(f"{channel}: taken")
        except AlertNotSentError as error:
            failed = 1
            typer.echo(f"{channel}: {error} ({error.code})", err=True)
    return failed


def _told(told: Iterable[tuple[str, str | None]]) -> str:
    words = [f"told by {channel} {at}" if at else f"not yet told by {channel}" for channel, at in told]
    return ", ".join(words) or "nobody is called: [alerts] names no channel"
