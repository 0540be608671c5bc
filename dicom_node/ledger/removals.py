"""Which contents nobody needs any more, and what the ledger says of those that were removed.

A content is decided on first, with an entry in the audit trail, and its file goes afterwards: after a crash in between
the next turn goes on. Only names of files go; the rows of instances, results, objects and deliveries stay for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from dicom_node.errors import ContentRemovedError, InstanceLostError
from dicom_node.ledger.tables import InstanceRow, ObjectRow, RemovalRow, ResultArrayRow, ResultRow

Place = Literal["instances", "content"]
_NAMES: Final = {"instances": "received instances", "content": "written objects and arrays"}


@dataclass(frozen=True, slots=True)
class Content:
    """One file of the content store."""

    place: Place
    sha256: str


def contents_of(session: Session, place: Place, study_instance_uid: str) -> list[Content]:
    """Everything that the ledger names for a study in one place and was not decided on yet."""
    named: list[str] = []
    for sha256, study in _named_in(place):
        named += session.scalars(select(sha256).where(study == study_instance_uid))
    decided = set(session.scalars(_removals(place, study_instance_uid)))
    return [Content(place, sha256) for sha256 in dict.fromkeys(named) if sha256 not in decided]


def decide(session: Session, study_instance_uid: str, contents: Sequence[Content], now: float) -> None:
    """From now on the study needs none of these."""
    session.add_all(
        RemovalRow(
            place=content.place,
            content_sha256=content.sha256,
            study_instance_uid=study_instance_uid,
            state="decided",
            decided_at=now,
        )
        for content in contents
    )


def decided(session: Session, limit: int) -> list[Content]:
    """Whose files are still to be looked at."""
    names = RemovalRow.place, RemovalRow.content_sha256
    query = select(*names).where(RemovalRow.state == "decided").group_by(*names)
    rows = session.execute(query.order_by(func.min(RemovalRow.decided_at), RemovalRow.content_sha256).limit(limit))
    return [Content(place, sha256) for place, sha256 in rows]  # type: ignore[arg-type]  # one of the two


def is_needed(session: Session, content: Content) -> bool:
    """True while a study names it that has not decided against it."""
    for sha256, study in _named_in(content.place):
        against = exists().where(
            RemovalRow.place == content.place,
            RemovalRow.content_sha256 == content.sha256,
            RemovalRow.study_instance_uid == study,
        )
        if session.scalar(select(sha256).where(sha256 == content.sha256, ~against).limit(1)) is not None:
            return True
    return False


def note_end(session: Session, content: Content, state: Literal["gone", "shared"]) -> None:
    """Its file is gone, or stays because another study needs it; who decides against it last removes it."""
    session.execute(
        update(RemovalRow)
        .where(RemovalRow.place == content.place, RemovalRow.content_sha256 == content.sha256)
        .values(state=state)
    )


def needed_again(session: Session, place: Place, digests: Collection[str], study_instance_uid: str) -> int:
    """The study has these again, on disk already. Returns how many of them had been decided on."""
    rows = _removals(place, study_instance_uid).where(RemovalRow.content_sha256.in_(list(digests)))
    found = list(session.scalars(rows)) if digests else []
    for sha256 in found:
        session.execute(
            delete(RemovalRow).where(
                RemovalRow.place == place,
                RemovalRow.content_sha256 == sha256,
                RemovalRow.study_instance_uid == study_instance_uid,
            )
        )
    return len(found)


def still_missing(session: Session, place: Place, study_instance_uid: str) -> int:
    """How many contents of a study were decided on and did not come again."""
    return len(session.scalars(_removals(place, study_instance_uid)).all())


def lost_content(session: Session, place: Place, sha256: str) -> ContentRemovedError | InstanceLostError:
    """The error for a file that is not there: removed as the settings say, or lost."""
    query = select(RemovalRow.decided_at).where(RemovalRow.place == place, RemovalRow.content_sha256 == sha256)
    decided_at = session.scalar(query.limit(1))
    if decided_at is None:
        return InstanceLostError(
            f"The ledger names {sha256[:12]}… among the {_NAMES[place]}, and the store does not hold it; restore it "
            "from a backup."
        )
    return ContentRemovedError(
        f"The {_NAMES[place]} of this study were removed on {datetime.fromtimestamp(decided_at, UTC):%Y-%m-%d}, as "
        "[retention] says. Have the sender send the study again: what is the same is kept again."
    )


def removed_counts(session: Session, uids: Sequence[str]) -> dict[tuple[str, str], tuple[int, float]]:
    """(study, place) -> how many contents are not kept any more, and when that was last decided."""
    names = RemovalRow.study_instance_uid, RemovalRow.place
    query = select(*names, func.count(), func.max(RemovalRow.decided_at)).group_by(*names)
    rows = session.execute(query.where(RemovalRow.study_instance_uid.in_(uids)))
    return {(study, place): (number, at) for study, place, number, at in rows}


def name_arrays(session: Session, result_digest: str, study_instance_uid: str, arrays: Collection[str]) -> None:
    """A result is drawn from these arrays."""
    session.flush()
    session.add_all(ResultArrayRow(content_sha256=array, result_digest=result_digest) for array in sorted(set(arrays)))
    needed_again(session, "content", arrays, study_instance_uid)


def _named_in(place: Place) -> Iterator[tuple[ColumnElement[str], ColumnElement[str]]]:
    """Where the ledger names contents of a place: the digest's column and that of its study, already joined."""
    if place == "instances":
        yield InstanceRow.content_sha256.expression, InstanceRow.study_instance_uid.expression
        return
    for table in (ObjectRow, ResultArrayRow):
        study = (
            select(ResultRow.study_instance_uid)
            .where(ResultRow.digest == table.result_digest)
            .correlate(table)
            .scalar_subquery()
        )
        yield table.content_sha256.expression, study


def _removals(place: Place, study_instance_uid: str) -> Select[str]:
    return select(RemovalRow.content_sha256).where(
        RemovalRow.place == place, RemovalRow.study_instance_uid == study_instance_uid
    )
