"""What the current results of other systems say of the images of a new one; the later result compares itself."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import ResultRow, StudyRow
from scoring.catalogue import find_spec
from scoring.errors import ResultError, UnknownSystemError
from scoring.result import ScoreResult, SecondOpinion
from scoring.second_opinion import second_opinion
from scoring.spec import SystemSpec


def opinions_on(session: Session, result: ScoreResult) -> tuple[SecondOpinion, ...]:
    """Opinions of the results that stand of the same study, by system.

    The study is locked until the transaction ends: of two results that are kept at the same time, one is the later
    and sees the other. Results of another schema, and of systems that are no longer installed, have none.
    """
    if result.not_evaluable is not None or _comparable(result.system) is None:
        return ()
    session.get(StudyRow, result.study_instance_uid, with_for_update=True)
    others = session.scalars(
        select(ResultRow)
        .where(
            ResultRow.study_instance_uid == result.study_instance_uid,
            ResultRow.system != result.system,
            ResultRow.current,
            ResultRow.evaluable,
        )
        .order_by(ResultRow.system)
    )
    return opinions_of(result, _readable(others))


def opinions_of(result: ScoreResult, others: Iterable[ScoreResult]) -> tuple[SecondOpinion, ...]:
    """What each of these results says of the totals of ``result``; nothing of those that cannot be compared."""
    spec = _comparable(result.system)
    if spec is None:
        return ()
    found = (
        second_opinion(result, spec, other, other_spec)
        for other in others
        if (other_spec := _comparable(other.system)) is not None
    )
    return tuple(opinion for opinion in found if opinion is not None)


def _comparable(system: str) -> SystemSpec | None:
    """The spec of an installed system, when any of its totals says what it measures."""
    try:
        spec = find_spec(system)
    except UnknownSystemError:
        return None
    return spec if any(total.measures for total in spec.totals) else None


def _readable(rows: Iterable[ResultRow]) -> Iterable[ScoreResult]:
    for row in rows:
        try:
            yield ScoreResult.from_json(row.content)
        except ResultError:  # of another schema: it stays as it is
            continue
