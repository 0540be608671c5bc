"""``rheumascore audit``: is the trail whole, and what does it say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import select

from dicom_node.ledger.audit_heads import check_trail, holds
from dicom_node.ledger.audit_trail import BrokenEntry
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import TimelineRow
from dicom_node.settings import read_settings
from dicom_node.study_status import timestamp


def print_verified(config: Path, head: str | None, *, as_json: bool) -> int:
    """Check every entry, and that ``head``, printed by an earlier call, is in it. 1 when something is wrong."""
    settings = read_settings(config)
    ledger = _open(settings.database_url, settings.node.data_dir)
    with ledger.read() as session:
        found = check_trail(session, settings.node.data_dir)
        known = head is None or holds(session, head)
    ledger.close()
    if isinstance(found, BrokenEntry):
        fault = f"entry {found.number} {found.words}"
    else:
        fault = "" if known else f"no entry has the head {head}: entries were cut, or all were written anew"
    if as_json:
        intact = {} if isinstance(found, BrokenEntry) else {"entries": found.number, "head": found.hash}
        broken = {"first_broken": found.number} if isinstance(found, BrokenEntry) else {}
        typer.echo(json.dumps({"intact": not fault, "fault": fault or None, **intact, **broken}, indent=2))
    elif not fault and not isinstance(found, BrokenEntry):
        typer.echo(f"intact, {found.number} entries, head {found.hash}")
    if fault:
        typer.echo(f"audit trail broken: {fault}. Keep the database as it is and compare it with a backup.", err=True)
    return 1 if fault else 0


def print_trail(config: Path, study: str | None, *, as_json: bool) -> int:
    """Print the entries of a study, or those of no study: who was turned away. 1 when there is no such study."""
    settings = read_settings(config)
    ledger = _open(settings.database_url, settings.node.data_dir)
    query = select(TimelineRow).where(TimelineRow.study_instance_uid == study).order_by(TimelineRow.id)
    with ledger.read() as session:
        entries = [_entry(row) for row in session.scalars(query)]
    ledger.close()
    if study is not None and not entries:
        typer.echo(f"The trail has no study {study}; `rheumascore status` lists those it has.", err=True)
        return 1
    if as_json:
        typer.echo(json.dumps(entries, indent=2, ensure_ascii=False))
    for entry in [] if as_json else entries:
        detail = "  ".join(f"{key}={_short(value)}" for key, value in entry["detail"].items())
        typer.echo(
            f"{entry['number']:>7}  {entry['at']}  {entry['actor']:24}  {entry['event']:22}  {entry['text']}  {detail}"
        )
    return 0


def _open(url: str, data_dir: Path) -> Ledger:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = Ledger(url)
    ledger.upgrade()
    return ledger


def _entry(row: TimelineRow) -> dict[str, Any]:
    return {
        "number": row.id,
        "at": timestamp(row.at),
        "actor": row.actor,
        "event": row.event,
        "text": row.text,
        "detail": row.detail,
        "hash": row.hash,
    }


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
