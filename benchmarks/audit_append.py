"""What the audit trail costs: one write transaction with and without an entry, at several lengths, and its checking.

    python benchmarks/audit_append.py [-n 300] [--url URL]

Without ``--url`` it uses SQLite in a temporary folder. The two kinds of transaction alternate, so that both meet the
same disk; each is on disk when it ends.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, time

from sqlalchemy import text

from dicom_node.ledger.audit_heads import NEWEST
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import StudyRow
from dicom_node.ledger.timeline import record

LENGTHS = (0, 10_000, 100_000)


def main() -> None:
    """Grow a trail and measure at each length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=300, help="transactions of each kind")
    parser.add_argument("--url", help="of an empty database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(asked.url or f"sqlite:///{Path(folder) / 'ledger.sqlite3'}")
        ledger.upgrade()
        _add_study(ledger)
        print("entries   without           with              an entry   whole check   newest 1,000")
        for length in LENGTHS:
            _fill_to(ledger, length)
            _measure(ledger, asked.n)
        ledger.close()


def _measure(ledger: Ledger, number: int) -> None:
    without, with_entry = [], []
    for n in range(number):
        without.append(_transaction(ledger, n, entry=False))
        with_entry.append(_transaction(ledger, n, entry=True))
    began = perf_counter()
    with ledger.read() as session:
        head = follow_chain(session)
        whole = perf_counter() - began
        began = perf_counter()
        follow_chain(session, NEWEST)
        part = perf_counter() - began
    assert isinstance(head, Head), head
    print(
        f"{head.number:>7}   {_figures(without)}   {_figures(with_entry)}   "
        f"{median(with_entry) - median(without):5.2f} ms   {whole:8.2f} s   {1000 * part:6.1f} ms"
    )


def _transaction(ledger: Ledger, n: int, *, entry: bool) -> float:
    """Milliseconds."""
    began = perf_counter()
    with ledger.write() as session:
        session.execute(text("UPDATE studies SET updated_at = :n"), {"n": n})
        if entry:
            record(session, "1.2", "benchmark", "happened", "As long as such a sentence is", job=n, code="RS-000")
    return 1000 * (perf_counter() - began)


def _figures(milliseconds: Sequence[float]) -> str:
    return f"{median(milliseconds):5.2f} (95 %: {quantiles(milliseconds, n=20)[-1]:6.2f}) ms"


def _fill_to(ledger: Ledger, length: int) -> None:
    with ledger.write() as session:
        for n in range(length):
            record(session, "1.2", "benchmark", "happened", "As long as such a sentence is", job=n, code="RS-000")


def _add_study(ledger: Ledger) -> None:
    now = time()
    with ledger.write() as session:
        session.add(
            StudyRow(
                study_instance_uid="1.2", state="scored", round=1, forced=False, first_received_at=now,
                last_received_at=now, updated_at=now, reasons=[],
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
