"""The conductor: score, report, deliver, commit, find, each a straight line from a leased job to its end in the ledger.

Nothing here knows how a score is found, written or sent; it only says what comes after what. Assembly has its own
loop (``receiving/study_assembly.py``) and calls ``routing.route_study``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from celery import Celery
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.crash_points import crash_at
from dicom_node.delivery.deliver import deliver_results
from dicom_node.delivery.look_there import look_there
from dicom_node.delivery.outbox import put_into_outbox
from dicom_node.delivery.report_jobs import add_report_jobs
from dicom_node.delivery.storage_commitment import request_commitment
from dicom_node.errors import NoDestinationError
from dicom_node.ledger.destinations import next_jobs
from dicom_node.ledger.jobs import LeasedJob, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.removals import Place, lost_content
from dicom_node.ledger.results import keep_result, read_visit
from dicom_node.ledger.study_progress import move_on, study_to_change
from dicom_node.ledger.tables import ResultRow, StudyRow
from dicom_node.ledger.timeline import record
from dicom_node.open_systems import OpenSystems
from dicom_node.queue.celery_app import TASK_OF, hint
from dicom_node.queue.leased_work import do_leased
from dicom_node.release_rule import reason_to_hold
from dicom_node.settings import NodeSettings
from dicom_node.source_images import source_images
from scoring.catalogue import find_spec
from scoring.inference import ChosenImage, read_header, run_inference
from scoring.pixel_decoding import DecodingLimits, PixelDecoder
from scoring.result import ImageUse, ScoreResult
from scoring.study import Study, read_image_reference, read_trial_context
from sr_templates.document_forms import DocumentForm, Extra
from sr_templates.result_objects import ResultObjects, write_result_objects

_KEPT_AT_ONCE: Final = 4
"""Objects that are brought to disk at the same time: each waits for the disk more than it works."""

Works = dict[str, Callable[["Workplace", LeasedJob], None]]
"""What is done with each kind of job."""


@dataclass
class Workplace:
    """What a worker process holds while it lives: settings, ledger, store, a decoder, and systems."""

    settings: NodeSettings
    ledger: Ledger
    store: ContentStore
    app: Celery
    decoder: PixelDecoder
    systems: OpenSystems

    @staticmethod
    def open(settings: NodeSettings, app: Celery) -> Workplace:
        """Open everything but the systems; ``close`` gives it back."""
        ledger, store = Ledger(settings.database_url), ContentStore(settings.node.data_dir)
        decoder = PixelDecoder(DecodingLimits(pixel_values=settings.limits.decoded_pixel_values))
        return Workplace(settings, ledger, store, app, decoder, OpenSystems(settings))

    def close(self) -> None:
        """End the decoding child and give back the ledger's connections."""
        self.decoder.close()
        self.ledger.close()


def register_tasks(app: Celery, workplace: Workplace) -> None:
    """Give Celery its tasks; each carries a job's id and nothing else."""
    works: Works = {"score": score, "report": report, "deliver": deliver, "commit": commit, "find": find}
    for name in TASK_OF.values():
        app.task(name=name)(_task(workplace, works))


def score(workplace: Workplace, leased: LeasedJob) -> None:
    """A scoring job -> a result in the ledger, its arrays in the store, and a job for each form of its report."""
    system = workplace.systems.system(str(leased.subject["system"]))
    study, chosen = job_images(workplace, leased.study_instance_uid, leased.subject)
    scored = run_inference(system, study, chosen, workplace.decoder, datetime.now(UTC))
    for content in scored.arrays.values():
        workplace.store.put(content)
    crash_at("study_scored_not_kept")
    visit = read_visit(read_header(chosen[0].path))
    with workplace.ledger.write() as session:
        study_row = study_to_change(session, leased.study_instance_uid)  # locked first, as by whoever closes a round
        assert study_row is not None
        finish(session, leased)  # before anything is written, whoever lost the lease is told so
        result = keep_result(session, scored.result, visit, leased.id, leased.owner)
        reasons = _scored_reasons(study_row, result)
        move_on(session, study_row, "scored", leased.owner, _scored_text(result), reasons)
        reports = add_report_jobs(session, result, workplace.settings.destinations)
        _note_missing_destinations(session, workplace.settings, result)
    crash_at("result_kept_not_hinted")
    for job_id in reports:
        hint(workplace.app, "report", job_id)


def report(workplace: Workplace, leased: LeasedJob) -> None:
    """A stored result and a form -> checked objects in the outbox. Runs without torch."""
    with workplace.ledger.read() as session:
        stored = session.get_one(ResultRow, str(leased.subject["result"])).content
    result = ScoreResult.from_json(stored)
    peers = [p for p in workplace.settings.peers if p.name in leased.subject["destinations"]]
    written = _write(workplace, result, leased.subject["form"], {frozenset(p.extras) for p in peers})
    crash_at("objects_written_not_kept")
    deliveries: list[str] = []
    with workplace.ledger.write() as session:
        if session.get_one(ResultRow, result.digest).current:
            hold = reason_to_hold(workplace.settings, result)
            for extras, (objects, digests) in written.items():
                asking = [p for p in peers if frozenset(p.extras) == extras]
                deliveries += put_into_outbox(session, result, objects, digests, asking, hold=hold)
            finish(session, leased)
        else:
            finish(session, leased, "superseded")
    crash_at("outbox_filled_not_hinted")
    for job_id in deliveries:
        hint(workplace.app, "deliver", job_id)


def deliver(workplace: Workplace, leased: LeasedJob) -> None:
    """Objects in the outbox -> a destination, each status read; or back to stop 6, for the form that it takes."""
    report_job = deliver_results(workplace.settings, workplace.ledger, workplace.store, leased)
    if report_job is not None:
        hint(workplace.app, "report", report_job)


def commit(workplace: Workplace, leased: LeasedJob) -> None:
    """Objects that a destination has stored -> its word that it keeps them; what it lost is sent again."""
    request_commitment(workplace.settings, workplace.ledger, leased)


def find(workplace: Workplace, leased: LeasedJob) -> None:
    """Objects that a destination has stored -> found there by a query."""
    look_there(workplace.settings, workplace.ledger, leased)


def _task(workplace: Workplace, works: Works) -> Callable[[str], None]:
    """What is done when a hint comes. A hint for a destination is one for whatever is most urgent there."""
    settings = workplace.settings

    def do(job_id: str) -> None:
        leased = do_leased(
            workplace.ledger,
            job_id,
            lambda job: works[job.kind](workplace, job),
            attempts_allowed=settings.limits.attempts,
            associations=settings.delivery.associations,
            waits=settings.delivery.waits,
        )
        if leased is not None and "destination" in leased.subject:
            _call_next(workplace, str(leased.subject["destination"]))

    return do


def _call_next(workplace: Workplace, destination: str) -> None:
    """An association is free: whoever is next there goes now, and need not wait for the relay."""
    with workplace.ledger.read() as session:
        following = next_jobs(session, destination, workplace.settings.delivery.associations)
    for job in following:
        hint(workplace.app, job.kind, job.id)  # type: ignore[arg-type]  # the ledger holds these kinds only


def job_images(
    workplace: Workplace, study_instance_uid: str, subject: dict[str, Any]
) -> tuple[Study, tuple[ChosenImage, ...]]:
    """The study and the images that a scoring job of this subject is about."""
    chosen = []
    for image in subject["images"]:
        path = workplace.store.instance_path(image["content_sha256"])
        _refuse_missing(workplace, path, "instances", image["content_sha256"])
        header = read_header(path)
        transfer_syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
        reference = read_image_reference(header, image["content_sha256"], transfer_syntax)
        chosen.append(ChosenImage(reference, path, image["used"], image["rule"], image["explanation"]))
    trial = read_trial_context(read_header(chosen[0].path))
    images = tuple(c.reference for c in chosen)
    return Study(study_instance_uid, images, trial, bool(subject["forced"])), tuple(chosen)


def _write(
    workplace: Workplace, result: ScoreResult, form: DocumentForm, wishes: set[frozenset[Extra]]
) -> dict[frozenset[Extra], tuple[ResultObjects, list[str]]]:
    """For each wish for further objects everything that goes with it, and where its contents lie.

    Each is written by itself, because a Key Object Selection names what goes with it; the rest is the same in all.
    """
    paths = {i.sop_instance_uid: _kept(workplace, i, result) for i in result.images}
    for array in result.arrays:
        _refuse_missing(workplace, workplace.store.path(array), "content", array)
    arrays = {array: workplace.store.read(array) for array in result.arrays}
    sources, spec = source_images(result, paths, workplace.decoder), find_spec(result.system)
    written = {}
    for extras in sorted(wishes or {frozenset()}, key=sorted):
        objects = write_result_objects(result, spec, sources, arrays, form, extras)
        with ThreadPoolExecutor(_KEPT_AT_ONCE) as keepers:
            digests = list(keepers.map(workplace.store.put, [item.content for item in objects.objects]))
        written[extras] = (objects, digests)
    return written


def _kept(workplace: Workplace, image: ImageUse, result: ScoreResult) -> Path:
    """The image; or its head, where the pixels were removed and no picture needs them."""
    path, head = (find(image.content_sha256) for find in (workplace.store.instance_path, workplace.store.head_path))
    if not path.exists() and head.exists() and image.sop_instance_uid not in result.drawn_on:
        return head
    _refuse_missing(workplace, path, "instances", image.content_sha256)
    return path


def _refuse_missing(workplace: Workplace, path: Path, place: Place, sha256: str) -> None:
    """Raises ContentRemovedError or InstanceLostError when the file is not there."""
    if not path.exists():
        with workplace.ledger.read() as session:
            raise lost_content(session, place, sha256)


def _note_missing_destinations(session: Session, settings: NodeSettings, result: ScoreResult) -> None:
    if not settings.destinations:
        missing = NoDestinationError("No peer receives results; set receives_results = true at one in node.toml.")
        record(session, result.study_instance_uid, "outbox", "no_destination", str(missing), code=missing.code)


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
