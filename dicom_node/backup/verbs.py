"""``rheumascore backup`` and ``restore``: progress, and what was done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import track as progress

from dicom_node.backup.make_backup import check_backup, make_backup
from dicom_node.backup.restore_backup import restore_backup
from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import read_settings

T = TypeVar("T")


def print_backup(config: Path, folder: Path, *, as_json: bool) -> int:
    """Make a backup. 1 when something of data_dir was found missing or damaged: the rest is backed up."""
    settings = read_settings(config)
    ledger = Ledger(settings.database_url)
    ledger.upgrade()
    made = make_backup(settings, ledger, folder, _track)
    ledger.close()
    if as_json:
        typer.echo(json.dumps(asdict(made) | {"folder": str(made.folder)}, indent=2))
    else:
        typer.echo(f"{made.copied} files copied ({made.bytes / 1e6:.1f} MB), {made.kept} were there: {made.folder}")
    for fault in made.faults:
        typer.echo(fault, err=True)
    return 1 if made.faults else 0


def print_checked(folder: Path, name: str | None, *, as_json: bool) -> int:
    """Read a whole backup. 1 when a file is damaged or missing."""
    damaged = check_backup(folder, name, _track)
    if as_json:
        typer.echo(json.dumps({"whole": not damaged, "damaged": damaged}, indent=2))
    else:
        typer.echo(f"{len(damaged)} files are damaged or missing" if damaged else "the backup is whole")
        for path in damaged:
            typer.echo(f"damaged: {path}; remove it, then the next backup copies it anew", err=True)
    return 1 if damaged else 0


def print_restored(config: Path, folder: Path, name: str | None, *, leave_out_damaged: bool, as_json: bool) -> int:
    """Restore. 1 when damaged files were left out."""
    done = restore_backup(read_settings(config), folder, _track, name=name, leave_out_damaged=leave_out_damaged)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
    else:
        typer.echo(
            f"{done.files} files and a ledger of {done.audit_entries} audit entries restored. Received after "
            f"{done.made_at}: have it sent again. Delivered after it: is delivered again by itself."
        )
    for path in done.left_out:
        typer.echo(f"left out, damaged: {path}", err=True)
    return 1 if done.left_out else 0


def _track(things: Sequence[T], words: str) -> Iterable[T]:
    return progress(things, description=words, console=Console(stderr=True), transient=True)
