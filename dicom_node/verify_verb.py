"""``rheumascore verify``: score a study again from its kept images, and say whether the same comes out."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typer

from dicom_node.queue.celery_app import celery_app
from dicom_node.settings import read_settings
from dicom_node.tasks import Workplace
from dicom_node.verification import Verification, verify_study

_SHOWN: Final = 20


def print_verification(config: Path, study: str, *, as_json: bool) -> int:
    """Print a line for each result that stands, and for each difference. 1 when one differs."""
    settings = read_settings(config)
    settings.node.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    workplace = Workplace.open(settings, celery_app(settings))
    workplace.ledger.upgrade()
    try:
        done = verify_study(workplace, study, "command line")
    finally:
        workplace.close()
    if as_json:
        typer.echo(json.dumps([asdict(each) | {"equal": each.equal} for each in done], indent=2))
    else:
        for each in done:
            for line in _lines(each):
                typer.echo(line)
    differ = [each.system for each in done if not each.equal]
    if differ:
        typer.echo(
            f"{', '.join(differ)}: not what was sent. Compare the weights and the software with those of the report; "
            "`rheumascore withdraw` takes a wrong report back.",
            err=True,
        )
    return 1 if differ else 0


def _lines(done: Verification) -> list[str]:
    head = f"{done.system}: result {done.result[:12]}… of {done.scored_at}, {done.sites} grades"
    lines = [f"{head}: equal" if done.equal else f"{head}: {len(done.differences)} differences"]
    lines += [f"  {d.where}: sent {d.stored}, now {d.now}" for d in done.differences[:_SHOWN]]
    if (more := len(done.differences) - _SHOWN) > 0:
        lines.append(f"  and {more} more; --json lists them all")
    if done.engine_then != done.engine_now:
        lines.append(f"  computed then by {done.engine_then}")
        lines.append(f"  computed now by {done.engine_now}")
    return lines
