"""``rheumascore status`` and ``requeue``: what is where, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any, Final

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from dicom_node.delivery.accepted_forms import form_for
from dicom_node.delivery.outbox import release
from dicom_node.delivery.waiting_room import waiting_rooms
from dicom_node.disk_forecast import forecast_disk
from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import ResultRow
from dicom_node.release_rule import reason_to_hold
from dicom_node.settings import NodeSettings, read_settings
from dicom_node.study_status import study_status, study_statuses
from scoring.errors import ResultError
from scoring.result import ScoreResult

_ACTOR: Final = "command line"
WAITING_FOR_A_PERSON: Final = ("failed", "held")


def print_status(config: Path, study: str | None, *, as_json: bool) -> int:
    """One row for each study, or one study's timeline. 1 when something waits for a person, or the study is unknown."""
    settings = read_settings(config)
    ledger = _open(settings)
    with ledger.read() as session:
        if study is not None:
            one = study_status(session, study)
            found = [] if one is None else [one]
        else:
            found = study_statuses(session)
        forms = [form_for(session, peer) for peer in settings.destinations]
        rooms = waiting_rooms(session)
        forecast = forecast_disk(session, settings.node.data_dir, settings.limits.free_disk_bytes, time())
    if study is not None and not found:
        typer.echo(f"The ledger has no study {study}; `rheumascore status` lists those it has.", err=True)
        return 1
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif study is not None:
        _print_timeline(found[0])
    else:
        _print_table(found)
        for choice in forms:
            typer.echo(f"{choice.destination} gets {choice.form}: {choice.reason}")
        for room in rooms:
            typer.echo(room.words(settings.delivery.overdue_hours))
        if found:
            typer.echo(forecast.words)
    return 1 if any(s["state"] in WAITING_FOR_A_PERSON for s in found) else 0


def print_requeued(config: Path, study: str | None, *, dead: bool) -> int:
    """Dispatch again what waits, what is not held any more, and of one study or with ``dead`` what was given up."""
    settings = read_settings(config)
    ledger = _open(settings)
    with ledger.write() as session:
        number = requeue(session, _ACTOR, study_instance_uid=study, parked=dead or study is not None)
        query = select(ResultRow).where(ResultRow.current)
        for row in session.scalars(query if study is None else query.where(ResultRow.study_instance_uid == study)):
            if _may_go(settings, row):
                number += len(release(session, row.study_instance_uid, _ACTOR))
    typer.echo(f"{number} job(s) dispatched again")
    return 0


def _may_go(settings: NodeSettings, row: ResultRow) -> bool:
    """True when no rule holds it; a result that cannot be read stays where it is."""
    try:
        return not reason_to_hold(settings, ScoreResult.from_json(row.content))
    except ResultError:
        return False


def _open(settings: NodeSettings) -> Ledger:
    ledger = Ledger(settings.database_url)
    settings.node.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger.upgrade()
    return ledger


def _print_table(studies: list[dict[str, Any]]) -> None:
    table = Table("study", "state", "images", "systems", "received", "why", box=None)
    for study in studies:
        why = "; ".join(dict.fromkeys(f"{r['code']}: {r['text']}" for r in study["reasons"]))
        table.add_row(
            study["study_instance_uid"],
            study["state"],
            str(study["instances"]),
            ", ".join(study["systems"]),
            study["received_at"],
            why,
        )
    console = Console()
    console.print(table if studies else "No study has arrived yet.")


def _print_timeline(study: dict[str, Any]) -> None:
    typer.echo(f"{study['study_instance_uid']}: {study['state']}")
    for event in study["timeline"]:
        typer.echo(f"  {event['at']}  {event['actor']:24}  {event['event']:18}  {event['text']}")
    for place in study["destinations"]:
        why = f" ({place['reason']})" if place["reason"] else ""
        away = f"away since {place['away_since']}" if place["away_since"] else ""
        said = f"{_and(place['commitment'])}{_and(away)}"
        typer.echo(f"  -> {place['destination']}: {place['form']}{why}, {place['state']}{said}")
    for result in study["results"]:
        for delivery in result["deliveries"]:
            typer.echo(
                f"     {delivery['destination']}: {delivery['role']} {delivery['state']} {delivery['status'] or ''}"
                f"{_and(delivery['proof'])}"
            )


def _and(words: str) -> str:
    return f", {words}" if words else ""
