"""What must be so whoever died meanwhile: nothing lost, nothing doubled, the same bytes everywhere."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import select

from dicom_node.content_store import ContentStore
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.tables import DeliveryRow, InstanceRow, JobRow, ObjectRow, ResultRow
from dicom_node.local_files import dataset_digest
from dicom_node.source_images import source_images
from scoring.pixel_decoding import PixelDecoder
from scoring.result import ScoreItem, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.result_objects import write_result_objects
from tests.journey.killed_node import KilledNode
from tests.journey.sent_study import SentStudy
from tests.journey.whole_store import broken_contents, kept_instances
from tests.judges.dicom3tools import iod_errors


def check_study(node: KilledNode, study: SentStudy) -> None:
    """P1, P5 and P7 of one study that came to rest."""
    _every_image_is_kept_once_as_it_was_sent(node, study)
    result = _one_result_of_one_job(node, study)
    assert objects_in_the_archive(node, study, result) >= 2, "a report and a picture at least"


def check_store(node: KilledNode) -> None:
    """Nothing half-written, nothing under a wrong name, no file without a row, and a chain of entries without a gap."""
    with node.ledger.read() as session:
        known = set(session.scalars(select(InstanceRow.content_sha256)))
        assert isinstance(follow_chain(session), Head)
    assert list(broken_contents(node.data_dir, known)) == []
    assert not kept_instances(node.data_dir).keys() - known, "a file without a row"


def result_of(node: KilledNode, study: SentStudy) -> ScoreResult:
    """The one result of a study."""
    with node.ledger.read() as session:
        [row] = session.scalars(select(ResultRow).where(ResultRow.study_instance_uid == study.uid)).all()
    return ScoreResult.from_json(row.content)


def scores_of(result: ScoreResult) -> tuple[ScoreItem, ...]:
    """What a result says, apart from whose it is and when it was found."""
    return tuple(replace(item, image="" if item.image else item.image) for item in result.items)


def _every_image_is_kept_once_as_it_was_sent(node: KilledNode, study: SentStudy) -> None:
    store = ContentStore(node.data_dir)
    with node.ledger.read() as session:
        rows = session.scalars(select(InstanceRow).where(InstanceRow.study_instance_uid == study.uid)).all()
    assert sorted(row.content_sha256 for row in rows) == sorted(study.digests)
    for row in rows:
        assert dataset_digest(store.instance_path(row.content_sha256)) == row.content_sha256


def _one_result_of_one_job(node: KilledNode, study: SentStudy) -> ResultRow:
    with node.ledger.read() as session:
        [result] = session.scalars(select(ResultRow).where(ResultRow.study_instance_uid == study.uid)).all()
        jobs = session.scalars(select(JobRow).where(JobRow.study_instance_uid == study.uid)).all()
    assert result.current
    assert result.evaluable
    assert sorted(job.kind for job in jobs) == ["commit", "deliver", "report", "score"]
    assert {job.state for job in jobs} == {"done"}
    return result


def objects_in_the_archive(node: KilledNode, study: SentStudy, result: ResultRow) -> int:
    """How many objects the archive has of a study: each is in the outbox, sent, committed, and there with its bytes."""
    store = ContentStore(node.data_dir)
    with node.ledger.read() as session:
        rows = session.execute(
            select(ObjectRow, DeliveryRow)
            .join(DeliveryRow, DeliveryRow.sop_instance_uid == ObjectRow.sop_instance_uid)
            .where(ObjectRow.result_digest == result.digest)
        ).all()
    assert {(delivery.state, delivery.committed) for _, delivery in rows} == {("sent", True)}
    there = node.orthanc.instances(StudyInstanceUID=study.uid)
    uids = [instance["MainDicomTags"]["SOPInstanceUID"] for instance in there]
    assert sorted(uids) == sorted(written.sop_instance_uid for written, _ in rows)
    assert len(node.orthanc.find("Series", StudyInstanceUID=study.uid, Modality="SR")) == 1
    of_uid = {written.sop_instance_uid: store.path(written.content_sha256) for written, _ in rows}
    for instance, uid in zip(there, uids, strict=True):
        returned = node.folder / f"{instance['ID']}.dcm"
        returned.write_bytes(node.orthanc.file(instance["ID"]))
        assert dataset_digest(returned) == dataset_digest(of_uid[uid])
    return len(there)


def check_objects(node: KilledNode, study: SentStudy, spec: SystemSpec, decoder: PixelDecoder) -> None:
    """P6: what was sent is, byte for byte, what the stored result is written as now; and no judge finds an error.

    ``spec``: of the system that scored it. ``decoder``: one for all studies, for it is a process.
    """
    store, result = ContentStore(node.data_dir), result_of(node, study)
    with node.ledger.read() as session:
        kept = session.scalars(select(ObjectRow).where(ObjectRow.result_digest == result.digest)).all()
    paths = {image.sop_instance_uid: store.instance_path(image.content_sha256) for image in result.images}
    [form] = {row.form for row in kept if row.form}
    sources = source_images(result, paths, decoder)
    arrays = {heatmap.array: store.read(heatmap.array) for heatmap in result.heatmaps}
    again = write_result_objects(result, spec, sources, arrays, form)  # type: ignore[arg-type]
    written = {item.sop_instance_uid: hashlib.sha256(item.content).hexdigest() for item in again.objects}
    assert written == {row.sop_instance_uid: row.content_sha256 for row in kept}
    for row in kept:
        assert iod_errors(store.path(row.content_sha256)) == []
