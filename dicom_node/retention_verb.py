"""``rheumascore retention``: what would be removed now, and with ``--now`` its removal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from time import time
from typing import Final

import typer

from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.retention import Retention, due_removals
from dicom_node.settings import read_settings

_MOST: Final = 100_000
_WHAT: Final = {"instances": "images", "content": "written objects"}


def print_retention(config: Path, *, now: bool, as_json: bool) -> int:
    """A line for each study of which something is due. 0, also when nothing is."""
    settings = read_settings(config)
    ledger, store = Ledger(settings.database_url), ContentStore(settings.node.data_dir)
    ledger.upgrade()
    with ledger.read() as session:
        due = due_removals(session, store, settings.retention, time(), _MOST)
    files = freed = 0
    while now and (removed := Retention(settings, ledger, store).turn())[0]:
        files, freed = files + removed[0], freed + removed[1]
    ledger.close()
    if as_json:
        rows = [
            {"study_instance_uid": d.study_instance_uid, "what": d.place, "files": len(d.contents), "bytes": d.bytes}
            for d in due
        ]
        typer.echo(json.dumps({"due": rows, "removed": {"files": files, "bytes": freed} if now else None}, indent=2))
        return 0
    for each in due:
        what = f"{len(each.contents)} {_WHAT[each.place]}"
        typer.echo(f"{each.study_instance_uid}  {what}, {each.bytes / 1e6:.1f} MB")
    if not settings.retention.on:
        typer.echo("[retention] removes nothing: every key is 0.")
    elif now:
        typer.echo(f"{files} files removed, {freed / 1e6:.1f} MB freed")
    else:
        number = Counter({place: sum(d.bytes for d in due if d.place == place) for place in _WHAT})
        sizes = ", ".join(f"{size / 1e6:.1f} MB of {_WHAT[place]}" for place, size in number.items())
        typer.echo(f"due now: {sizes}; the node removes it within the hour, or `rheumascore retention --now`")
    return 0
