"""What was acknowledged against what is kept: every instance once, bit for bit, and nothing half-written beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select

from benchmarks.soak.honest_senders import Acknowledged
from benchmarks.soak.tally import Tally
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow
from tests.journey.whole_store import broken_contents, kept_instances


def broken_receipts(
    data_dir: Path, ledger: Ledger, acknowledged: Iterable[Acknowledged], sender_title: str, tally: Tally
) -> Iterator[str]:
    """In words, whatever is missing, there twice, changed, or half there."""
    with ledger.read() as session:
        rows = [
            (row.sop_instance_uid, row.content_sha256, row.calling_ae_title)
            for row in session.scalars(select(InstanceRow))
        ]
    kept = Counter((uid, sha256) for uid, sha256, _ in rows)
    wanted = {(one.sop_instance_uid, one.sha256) for one in acknowledged}
    for uid, sha256 in wanted:
        if not kept[uid, sha256]:
            yield f"lost: the acknowledged instance {uid} is not in the ledger"
    yield from (f"doubled: the instance {uid} has {n} rows" for (uid, _), n in kept.items() if n > 1)
    for uid, sha256, title in rows:
        if title == sender_title and (uid, sha256) not in wanted:
            yield f"changed: the ledger has an instance {uid} that nobody sent so"

    known = {sha256 for _, sha256, _ in rows}
    yield from broken_contents(data_dir, known)
    files = kept_instances(data_dir)
    tally.count("at the end: instances kept and hashed", len(files))
    tally.count("at the end: whole files without a row", len(files.keys() - known))
