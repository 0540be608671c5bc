"""``rheumascore route FILE…``: what routing would decide, and by which attribute; nothing is written or sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from dicom_node.local_files import LocalFile, find_files, read_local_file, studies_of
from dicom_node.routing import RoutingDecision, decide
from scoring.catalogue import list_systems


def print_routes(paths: Sequence[Path], *, as_json: bool) -> int:
    """Print one row for each file and system. Exit code 1 when a file could not be read at all."""
    files = [read_local_file(path) for path in find_files(paths)]
    rows = [_fault_row(file) for file in files if file.reference is None]
    by_uid = {f.reference.sop_instance_uid: f.path for f in files if f.reference is not None}
    for study in studies_of(files):
        for decision in decide(study, list_systems()):
            rows += _rows(decision, by_uid)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    return 1 if any(file.reference is None for file in files) else 0


def _fault_row(file: LocalFile) -> dict[str, Any]:
    unread = {"system": "", "scored": False, "rule": "not_dicom", "attribute": ""}
    return {"file": str(file.path), **unread, "reason": file.fault}


def _rows(decision: RoutingDecision, paths: dict[str, Path]) -> list[dict[str, Any]]:
    choices = {c.image.sop_instance_uid: c for c in decision.choices}
    rows = []
    for verdict in decision.verdicts:
        choice = choices.get(verdict.sop_instance_uid)
        rows.append(
            {
                "file": str(paths[verdict.sop_instance_uid]),
                "system": decision.spec.key,
                "scored": choice is not None and choice.used,
                "rule": choice.rule if choice else "accepts",
                "attribute": verdict.attribute,
                "reason": choice.explanation if choice else verdict.sentence,
            }
        )
    return rows


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("file", "system", "scored", "rule", "why", box=None)
    for row in rows:
        table.add_row(
            Path(row["file"]).name, row["system"], "yes" if row["scored"] else "no", row["rule"], row["reason"]
        )
    Console().print(table)
