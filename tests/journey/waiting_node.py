"""A node whose results wait for a PACS that is away: a full outbox, ``rheumascore run``, and an Orthanc to come back.

The waits are those of ``[delivery]``, made short; nothing else differs from a node in a hospital.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from sqlalchemy import func, select

from dicom_node.content_store import ContentStore
from dicom_node.delivery.outbox import put_into_outbox
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.tables import DeliveryRow, DestinationRow, JobRow, ResultRow, TimelineRow
from dicom_node.settings import read_settings
from sr_templates.result_objects import ResultObjects
from tests.dicom_node.delivery.finished_objects import finished_picture, finished_report
from tests.dicom_node.ledger.ledgers import add_study, new_ledger
from tests.foreign_programs.chaos_proxy import ChaosProxy
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import answers_on, free_port, log_tail, stop, wait_until
from tests.sr_templates.results_for_tests import two_hands

_SHORT_WAITS = """
first_wait_seconds = 0.1
wait_growth = 2.0
longest_wait_seconds = 0.5
answer_seconds = 20.0
commitment_first_seconds = 30.0
"""


class WaitingNode:
    """``sent``: the bytes of every object by its UID. ``wire`` counts and spoils what goes to the PACS."""

    def __init__(
        self, folder: Path, results: int, delivery: str = _SHORT_WAITS, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.port = folder, free_port()
        self._environment = os.environ | dict(environment or {})
        folder.mkdir(parents=True, exist_ok=True)
        self.orthanc = Orthanc(folder / "orthanc", modalities={"node": ("RHEUMASCORE", "127.0.0.1", self.port)})
        self.wire = ChaosProxy(self.orthanc.dicom_port)
        self.log = folder / "node.log"
        self.config = folder / "node.toml"
        self.config.write_text(
            f"""[node]
port = {self.port}
data_dir = "data"
[web]
port = {free_port()}
[[peers]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
port = {self.wire.port}
receives_results = true
[delivery]
{delivery}
""",
            encoding="utf-8",
        )
        self.settings = read_settings(self.config, {})
        data_dir = self.settings.node.data_dir
        data_dir.mkdir(parents=True, mode=0o700)
        self.ledger = new_ledger(data_dir)
        self.sent: dict[str, bytes] = {}
        self._fill(ContentStore(data_dir), results)

    def __enter__(self) -> Self:
        self.wire.__enter__()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scoring.cli", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        wait_until("the node listens", lambda: answers_on(self.port) or self._dead(), 120)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        self.wire.__exit__()
        self.orthanc.kill()
        self.ledger.close()

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A verb of the command line with this node's settings."""
        command = [sys.executable, "-m", "scoring.cli", *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def failures(self) -> int:
        """How often the PACS was asked in vain, in a row."""
        with self.ledger.read() as session:
            row = session.get(DestinationRow, "pacs")
            return row.failures if row else 0

    def deliveries(self) -> dict[tuple[str, bool], int]:
        """How many objects are in each state: (state, committed) -> number."""
        with self.ledger.read() as session:
            rows = session.execute(
                select(DeliveryRow.state, DeliveryRow.committed, func.count()).group_by(
                    DeliveryRow.state, DeliveryRow.committed
                )
            )
            return {(state, committed): number for state, committed, number in rows}

    def jobs(self) -> dict[tuple[str, str], int]:
        """How many jobs there are: (kind, state) -> number."""
        with self.ledger.read() as session:
            rows = session.execute(select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state))
            return {(kind, state): number for kind, state, number in rows}

    def events(self, event: str) -> list[str]:
        """The studies to which this happened, in order."""
        with self.ledger.read() as session:
            query = select(TimelineRow.study_instance_uid).where(TimelineRow.event == event).order_by(TimelineRow.id)
            return [str(uid) for uid in session.scalars(query)]

    def wait_for_delivery(self, seconds: float = 300.0) -> None:
        """Until every object is delivered and committed, and its jobs have ended."""

        def all_done() -> bool:
            return set(self.deliveries()) == {("sent", True)} and not {
                state for _, state in self.jobs() if state in ("waiting", "leased")
            }

        wait_until("everything is delivered and committed", lambda: all_done() or self._dead(), seconds)

    def check_pacs(self) -> None:
        """It has each object once, with the bytes that were sent."""
        kept = [read_part10(self.orthanc.file(instance["ID"])) for instance in self.orthanc.instances()]
        assert {one.sop_instance_uid: one.data_set for one in kept} == self.sent
        assert len(kept) == len(self.sent)

    def _fill(self, store: ContentStore, results: int) -> None:
        one = two_hands().result
        for number in range(results):
            uid = f"2.25.77{number:06d}"
            result = replace(one, study_instance_uid=uid)
            objects = (finished_picture(f"{uid}.1", uid), finished_report(f"{uid}.2", uid))
            self.sent |= {item.sop_instance_uid: read_part10(item.content).data_set for item in objects}
            add_study(self.ledger, uid, "scored")
            with self.ledger.write() as session:
                job = add_job(session, "score", result.digest, uid, {})
                job.state = "done"
                session.add(
                    ResultRow(
                        digest=result.digest,
                        study_instance_uid=uid,
                        system=result.system,
                        weights_digest=result.weights_digest,
                        job_id=job.id,
                        evaluable=True,
                        current=True,
                        content=result.to_json(),
                        created_at=0.0,
                    )
                )
                digests = [store.put(item.content) for item in objects]
                session.flush()
                put_into_outbox(
                    session, result, ResultObjects("comprehensive", objects), digests, self.settings.destinations
                )

    def _dead(self) -> bool:
        assert self._process.poll() is None, log_tail(self.log, 40)
        return False
