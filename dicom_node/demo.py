"""``rheumascore demo``: a PACS, the node, its workers and the page on this machine; studies go in, reports come back.

Everything speaks DICOM over the network as it would in a hospital; only the patients are missing.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from pydicom import dcmread
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dicom_node.content_store import ContentStore
from dicom_node.delivery.send_files import send_files
from dicom_node.demo_pacs import DemoPacs
from dicom_node.demo_site import SENDER_TITLE, DemoSite, running_site
from dicom_node.demo_study import DemoStudy, make_demo_studies
from dicom_node.errors import DestinationAwayError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import ObjectRow, ResultRow
from dicom_node.score_offline import summary_line
from dicom_node.study_status import study_status
from scoring.result import ScoreResult
from sr_templates.report_as_text import report_as_text

_PATIENCE_SECONDS: Final = 120.0
_RETURNED: Final = ("delivered", "not_evaluable")
_FINISHED: Final = (*_RETURNED, "no_system", "held", "failed")


def run_demo(*, once: bool, keep: Path | None) -> int:
    """Run the demonstration. ``once``: leave after the table. 0 only when every study came back as it should.

    SIGTERM ends it as Ctrl-C does, with all that it started.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rheumascore-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        typer.echo("starting a PACS, the node, two workers and the page, all on 127.0.0.1 …")
        site = stack.enter_context(running_site(folder))
        rows = _send_and_wait(make_demo_studies(folder / "studies"), site)
        _print_report_tree(site, rows)
        _print_table(site, rows)
        if not once:
            _stay(site)
        return 0 if all(row.good for row in rows) else 1


@dataclass(frozen=True)
class _Row:
    study: DemoStudy
    status: dict[str, Any]
    said: str
    statements: tuple[str, ...]
    series: tuple[tuple[str, str], ...]

    @property
    def good(self) -> bool:
        """True when it ended as it should, and a report that was due lies in the PACS."""
        state = self.status.get("state")
        in_pacs = any(modality == "SR" for modality, _ in self.series)
        return state == self.study.expected and (in_pacs or state not in _RETURNED)


def _send_and_wait(studies: Sequence[DemoStudy], site: DemoSite) -> list[_Row]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    ledger = Ledger(site.ledger_url)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for study in studies:
            for peer in (site.archive, site.node):
                for answer in send_files(peer, study.files, SENDER_TITLE):
                    if not answer.stored:
                        raise DestinationAwayError(f"{study.who} was not stored by {peer.name}: {answer.text}")
        rows = []
        for study in studies:
            task = progress.add_task(f"{study.who}: waiting for the report", total=None)
            rows.append(_wait_for(study, ledger, site.pacs))
            progress.remove_task(task)
    ledger.close()
    return rows


def _wait_for(study: DemoStudy, ledger: Ledger, pacs: DemoPacs) -> _Row:
    uid, status = study.study_instance_uid, dict[str, Any]()
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and status.get("state") not in _FINISHED:
        time.sleep(0.1)
        with ledger.read() as session:
            status = study_status(session, uid) or {}
    with ledger.read() as session:
        results = session.query(ResultRow).filter_by(study_instance_uid=uid, current=True).all()
        current = [ScoreResult.from_json(r.content) for r in results]
    said = "\n".join(f"{one.system}: {summary_line(one)}" for one in sorted(current, key=lambda one: one.system))
    statements = tuple(r.statement for r in current)
    reasons = "; ".join(dict.fromkeys(r["text"] for r in status.get("reasons", [])))
    return _Row(study, status, said or f"refused: {reasons}", statements, tuple(pacs.find_series(uid)))


def _print_report_tree(site: DemoSite, rows: Sequence[_Row]) -> None:
    """The report of the phantom study, read back from what was sent."""
    uid = next(row.study.study_instance_uid for row in rows if row.study.who.startswith("PHANTOM"))
    ledger = Ledger(site.ledger_url)
    with ledger.read() as session:
        row = (
            session.query(ObjectRow)
            .join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
            .filter(ResultRow.study_instance_uid == uid, ResultRow.current, ObjectRow.role == "report")
            .first()
        )
    ledger.close()
    if row is not None:
        typer.echo(report_as_text(dcmread(ContentStore(site.data_dir).path(row.content_sha256))))


def _print_table(site: DemoSite, rows: Sequence[_Row]) -> None:
    table = Table("who", "truth", "score", "state", "seconds", f"in {site.pacs.name}", box=None)
    for row in rows:
        seconds = row.status.get("seconds_to_report")
        table.add_row(
            row.study.who,
            row.study.truth,
            row.said,
            row.status.get("state", "never arrived") + ("" if row.good else f", expected {row.study.expected}"),
            "" if seconds is None else f"{seconds:.1f}",
            " ".join(sorted({modality for modality, _ in row.series})),
        )
    Console(width=max(160, Console().width)).print(table)
    for statement in sorted({s for row in rows for s in row.statements if s}):
        typer.echo(statement)


def _stay(site: DemoSite) -> None:
    node = site.node
    typer.echo(f"The page: {site.page}")
    typer.echo(f"Send studies as {SENDER_TITLE} to {node.ae_title} on {node.host}:{node.port}.")
    typer.echo(f"The PACS ({site.pacs.name}) is on {site.pacs.port}. Ctrl-C ends everything.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        typer.echo("stopping …")
