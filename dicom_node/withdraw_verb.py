"""``rheumascore withdraw``: take the results of a study back, and say who is told."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer

from dicom_node.errors import WithdrawalError
from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import read_settings
from dicom_node.withdrawal import Withdrawal, read_reason, withdraw_study


def print_withdrawn(config: Path, study: str, reason: str, system: str | None, *, as_json: bool) -> int:
    """Withdraw and print a line for each result. 1 when a destination that has one can no longer be told."""
    try:
        words = read_reason(reason)
    except WithdrawalError as error:
        raise typer.BadParameter(str(error), param_hint="--reason") from None
    settings = read_settings(config)
    settings.node.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = Ledger(settings.database_url)
    ledger.upgrade()
    with ledger.write() as session:
        done = withdraw_study(session, settings, study, words, datetime.now(UTC), "command line", system)
    ledger.close()
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in done], indent=2))
    else:
        for each in done:
            typer.echo(_line(each))
    lost = sorted({name for each in done for name in each.unreachable})
    if lost:
        typer.echo(
            f"{', '.join(lost)} has the report but is not in {config.name} any more: tell them yourself, or add the "
            "peer and send the objects with `rheumascore send`.",
            err=True,
        )
    return 1 if lost else 0


def _line(done: Withdrawal) -> str:
    told = f"told to {', '.join(done.told)}" if done.told else "it had not left the house, so nobody is told"
    return f"{done.system}: result {done.withdrawn[:12]}… is withdrawn; {told}"
