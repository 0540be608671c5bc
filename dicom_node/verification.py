"""A stored result made once more from the kept images: is it the same, and do its objects still have their bytes?

The same path as the worker's, in this process: same weights, same decoder, dated as the stored result is. What the
ledger added to it (predecessor, baseline) is not scored and therefore taken over. Nothing is written but an entry in
the audit trail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.errors import InstanceLostError, VerificationError
from dicom_node.ledger.results import current_results
from dicom_node.ledger.tables import JobRow, ObjectRow, ResultRow
from dicom_node.ledger.timeline import record
from dicom_node.receiving.part10_head import read_part10_head
from dicom_node.tasks import Workplace, job_images
from scoring.inference import run_inference
from scoring.result import ScoreItem, ScoreResult, ScoreTotal

_NOT_COMPARED: Final = ("items", "totals", "engine", "scored_at", "predecessor", "baseline", "second_opinions")
_PIECE: Final = 1 << 20
_LONGEST_WORDS: Final = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that did not come out as it was stored."""

    where: str
    """``R.MCP2.erosion grade``, ``weights``, ``image 1.2.3`` …"""
    stored: str
    now: str


@dataclass(frozen=True, slots=True)
class Verification:
    """One result, and what became of it when it was made again."""

    system: str
    result: str
    """Its digest."""
    scored_at: str
    sites: int
    differences: tuple[Difference, ...]
    engine_then: str
    engine_now: str

    @property
    def equal(self) -> bool:
        """Every grade, probability, total, region and picture is the same, and every byte is there."""
        return not self.differences


def verify_study(workplace: Workplace, study_instance_uid: str, actor: str) -> list[Verification]:
    """Score again what stands of a study. A result that was withdrawn has nothing to be scored and is left out.

    Raises VerificationError when no result is left, InstanceLostError when an image is not kept any more.
    """
    with workplace.ledger.read() as session:
        standing = [row for row in current_results(session, study_instance_uid) if not row.withdraws]
        jobs = {row.digest: session.get_one(JobRow, row.job_id) for row in standing}
        objects = {row.digest: _objects(session, row.digest) for row in standing}
    if not standing:
        raise VerificationError(
            f"The study {study_instance_uid} has no result that stands; `rheumascore status --study` says why."
        )
    done = [_verify(workplace, row, jobs[row.digest], objects[row.digest]) for row in standing]
    with workplace.ledger.write() as session:
        for each in done:
            words = "came out the same" if each.equal else f"differs in {len(each.differences)} places"
            record(
                session, study_instance_uid, actor, "verified",
                f"The result of {each.system} was scored again and {words}.",
                result=each.result, equal=each.equal, differences=[d.where for d in each.differences],
            )  # fmt: skip
    return done


def compare(stored: ScoreResult, now: ScoreResult) -> Iterator[Difference]:
    """Site by site, then everything else; the software that computed it is told apart, for it may be a later one."""
    for kind in ("items", "totals"):
        then_by_key = {_key(entry): entry for entry in getattr(stored, kind)}
        now_by_key = {_key(entry): entry for entry in getattr(now, kind)}
        for key in sorted(then_by_key.keys() | now_by_key.keys()):
            yield from _compare_entry(key, then_by_key.get(key), now_by_key.get(key))
    for field in fields(ScoreResult):
        if field.name not in _NOT_COMPARED and getattr(stored, field.name) != getattr(now, field.name):
            yield Difference(field.name, _words(getattr(stored, field.name)), _words(getattr(now, field.name)))


def _verify(workplace: Workplace, row: ResultRow, job: JobRow, objects: Sequence[ObjectRow]) -> Verification:
    stored = ScoreResult.from_json(row.content)
    study, chosen = job_images(workplace, row.study_instance_uid, job.subject)
    changed = [
        Difference(f"image {image.reference.sop_instance_uid}", image.reference.content_sha256, found)
        for image in chosen
        if (found := _digest_of(image.path)) != image.reference.content_sha256
    ]
    system = workplace.systems.system(row.system)
    scored = run_inference(system, study, chosen, workplace.decoder, datetime.fromisoformat(stored.scored_at))
    again = replace(scored.result, predecessor=stored.predecessor, baseline=stored.baseline)
    return Verification(
        system=row.system,
        result=row.digest,
        scored_at=stored.scored_at,
        sites=len(stored.items),
        differences=(*changed, *compare(stored, again), *_changed_objects(workplace, objects)),
        engine_then=_engine(stored),
        engine_now=_engine(again),
    )


def _changed_objects(workplace: Workplace, objects: Sequence[ObjectRow]) -> Iterator[Difference]:
    """What was sent is sent again from the store, should it be asked for: it must still be what was written."""
    for item in objects:
        try:
            found = hashlib.sha256(workplace.store.read(item.content_sha256)).hexdigest()
        except InstanceLostError:
            found = "not there"
        if found != item.content_sha256:
            yield Difference(f"{item.role} {item.sop_instance_uid}", item.content_sha256, found)


def _compare_entry(
    key: str, stored: ScoreItem | ScoreTotal | None, now: ScoreItem | ScoreTotal | None
) -> Iterator[Difference]:
    if stored is None or now is None:
        yield Difference(key, "absent" if stored is None else "present", "absent" if now is None else "present")
        return
    for field in fields(stored):
        then, again = getattr(stored, field.name), getattr(now, field.name)
        if then != again:
            yield Difference(f"{key} {field.name}", _words(then), _words(again))


def _key(entry: ScoreItem | ScoreTotal) -> str:
    if isinstance(entry, ScoreItem):
        return entry.key
    return f"{entry.side}.{entry.key}" if entry.side else entry.key


def _objects(session: Session, digest: str) -> list[ObjectRow]:
    return list(
        session.scalars(select(ObjectRow).where(ObjectRow.result_digest == digest).order_by(ObjectRow.position))
    )


def _digest_of(path: Path) -> str:
    """SHA-256 of the data set as it lies on disk."""
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(read_part10_head(file).data_set_offset)
        while piece := file.read(_PIECE):
            hasher.update(piece)
    return hasher.hexdigest()


def _engine(result: ScoreResult) -> str:
    return ", ".join((result.engine.software, *result.engine.libraries, result.engine.device))


def _words(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"
