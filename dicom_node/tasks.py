"""The conductor: score, report, deliver, each a straight line from a leased job to its end in the ledger.

Nothing here knows how a score is found, written or sent; it only says what comes after what. Assembly has its own
loop (``receiving/study_assembly.py``) and calls ``routing.route_study``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import time

from celery import Celery
from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.delivery.deliver import deliver_results
from dicom_node.delivery.outbox import put_into_outbox
from dicom_node.errors import NoDestinationError
from dicom_node.ledger.jobs import JobKind, LeasedJob, add_job, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state, record
from dicom_node.queue.celery_app import TASK_OF, hint
from dicom_node.queue.leased_work import do_leased
from dicom_node.release_rule import reason_to_hold
from dicom_node.settings import NodeSettings
from dicom_node.source_images import source_images
from scoring.catalogue import find_spec, open_system
from scoring.contract import ScoringSystem
from scoring.inference import ChosenImage, read_header, run_inference
from scoring.pixel_decoding import DecodingLimits, PixelDecoder
from scoring.result import ScoreResult
from scoring.study import Study, read_image_reference, read_trial_context
from sr_templates.document_forms import DocumentForm
from sr_templates.result_objects import write_result_objects

DEFAULT_FORM: DocumentForm = "comprehensive"


@dataclass
class Workplace:
    """What a worker process holds while it lives: settings, ledger, store, a decoder, and systems once opened."""

    settings: NodeSettings
    ledger: Ledger
    store: ContentStore
    app: Celery
    decoder: PixelDecoder
    _systems: dict[str, ScoringSystem] = field(default_factory=dict)

    @staticmethod
    def open(settings: NodeSettings, app: Celery) -> Workplace:
        """Open everything but the systems; ``close`` gives it back."""
        limits = DecodingLimits(pixel_values=settings.limits.decoded_pixel_values)
        return Workplace(
            settings, Ledger(settings.database_url), ContentStore(settings.node.data_dir), app, PixelDecoder(limits)
        )

    def system(self, key: str) -> ScoringSystem:
        """The system with its weights, loaded once a process."""
        if key not in self._systems:
            self._systems[key] = open_system(key)
        return self._systems[key]

    def close(self) -> None:
        """End the decoding child and give back the ledger's connections."""
        self.decoder.close()
        self.ledger.close()


def register_tasks(app: Celery, workplace: Workplace) -> None:
    """Give Celery the three tasks; each carries a job's id and nothing else."""
    works: dict[JobKind, Callable[[Workplace, LeasedJob], None]] = {
        "score": score,
        "report": report,
        "deliver": deliver,
    }
    for kind, work in works.items():
        app.task(name=TASK_OF[kind])(_task(workplace, work))


def score(workplace: Workplace, leased: LeasedJob) -> None:
    """A scoring job -> a result in the ledger, its arrays in the store, and a job for each form of its report."""
    system = workplace.system(str(leased.subject["system"]))
    study, chosen = _job_images(workplace, leased)
    scored = run_inference(system, study, chosen, workplace.decoder, datetime.now(UTC))
    for content in scored.arrays.values():
        workplace.store.put(content)
    with workplace.ledger.write() as session:
        result = _keep_result(session, leased, scored.result)
        row = session.get_one(StudyRow, leased.study_instance_uid)
        change_state(session, row, "scored", leased.owner, _scored_text(result), _scored_reasons(row, result))
        reports = _add_report_jobs(session, workplace.settings, result)
        finish(session, leased)
    for job_id in reports:
        hint(workplace.app, "report", job_id)


def report(workplace: Workplace, leased: LeasedJob) -> None:
    """A stored result and a form -> checked objects in the outbox. Runs without torch."""
    with workplace.ledger.read() as session:
        stored = session.get_one(ResultRow, str(leased.subject["result"])).content
    result = ScoreResult.from_json(stored)
    form: DocumentForm = leased.subject["form"]
    paths = {i.sop_instance_uid: workplace.store.instance_path(i.content_sha256) for i in result.images}
    arrays = {h.array: workplace.store.read(h.array) for h in result.heatmaps}
    sources = source_images(result, paths, workplace.decoder)
    written = write_result_objects(result, find_spec(result.system), sources, arrays, form)
    digests = [workplace.store.put(item.content) for item in written.objects]
    with workplace.ledger.write() as session:
        destinations = [p for p in workplace.settings.destinations if (p.sr_sop_class or DEFAULT_FORM) == form]
        deliveries = put_into_outbox(
            session, result, written, digests, destinations, hold=reason_to_hold(workplace.settings, result)
        )
        finish(session, leased)
    for job_id in deliveries:
        hint(workplace.app, "deliver", job_id)


def deliver(workplace: Workplace, leased: LeasedJob) -> None:
    """Objects in the outbox -> a destination, each status read."""
    deliver_results(workplace.settings, workplace.ledger, workplace.store, leased)


def _task(workplace: Workplace, work: Callable[[Workplace, LeasedJob], None]) -> Callable[[str], None]:
    def do(job_id: str) -> None:
        attempts = workplace.settings.limits.attempts
        do_leased(workplace.ledger, job_id, partial(work, workplace), attempts_allowed=attempts)

    return do


def _job_images(workplace: Workplace, leased: LeasedJob) -> tuple[Study, tuple[ChosenImage, ...]]:
    chosen = []
    for image in leased.subject["images"]:
        path = workplace.store.instance_path(image["content_sha256"])
        header = read_header(path)
        transfer_syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
        reference = read_image_reference(header, image["content_sha256"], transfer_syntax)
        chosen.append(ChosenImage(reference, path, image["used"], image["rule"], image["explanation"]))
    trial = read_trial_context(read_header(chosen[0].path))
    images = tuple(c.reference for c in chosen)
    return Study(leased.study_instance_uid, images, trial, bool(leased.subject["forced"])), tuple(chosen)


def _keep_result(session: Session, leased: LeasedJob, result: ScoreResult) -> ScoreResult:
    """Store the result as the current one of its study and system; it names the one that it replaces."""
    query = select(ResultRow).where(
        ResultRow.study_instance_uid == leased.study_instance_uid,
        ResultRow.system == result.system,
        ResultRow.current,
    )
    for former in session.scalars(query):
        former.current = False
        result = result.succeeding(ScoreResult.from_json(former.content).as_prior(()))
        record(
            session, leased.study_instance_uid, leased.owner, "superseded",
            f"An earlier result of {result.system} is replaced by its successor.", result=former.digest,
        )  # fmt: skip
    session.add(
        ResultRow(
            digest=result.digest,
            study_instance_uid=leased.study_instance_uid,
            system=result.system,
            weights_digest=result.weights_digest,
            job_id=leased.id,
            evaluable=result.not_evaluable is None,
            current=True,
            content=result.to_json(),
            created_at=time(),
        )
    )
    session.flush()
    return result


def _add_report_jobs(session: Session, settings: NodeSettings, result: ScoreResult) -> list[str]:
    forms = sorted({peer.sr_sop_class or DEFAULT_FORM for peer in settings.destinations}) or [DEFAULT_FORM]
    jobs = []
    for form in forms:
        key = f"report:{hashlib.sha256(f'{result.digest}|{form}'.encode()).hexdigest()}"
        subject = {"system": result.system, "result": result.digest, "form": form}
        jobs.append(add_job(session, "report", key, result.study_instance_uid, subject, hinted=True).id)
    if not settings.destinations:
        missing = NoDestinationError("No peer receives results; set receives_results = true at one in node.toml.")
        record(session, result.study_instance_uid, "outbox", "no_destination", str(missing), code=missing.code)
    return jobs


def _scored_text(result: ScoreResult) -> str:
    if result.not_evaluable is not None:
        return f"{result.system}: not evaluable ({result.not_evaluable.reason.meaning})"
    scored = sum(item.status == "scored" for item in result.items)
    return f"{result.system}: {scored} of {len(result.items)} items scored"


def _scored_reasons(study: StudyRow, result: ScoreResult) -> list[dict[str, str]]:
    kept = [r for r in study.reasons if r.get("system") != result.system]
    if result.not_evaluable is None:
        return kept
    said = result.not_evaluable
    return [*kept, {"code": said.reason.value, "text": said.explanation, "system": result.system}]
