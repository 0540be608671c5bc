"""What was sent against what came of it: one current result set for each study, in the ledger and in the PACS."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.soak.sent_studies import Kind, SentStudy
from benchmarks.soak.tally import Tally
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DeliveryRow, ObjectRow, ResultRow, StudyRow
from tests.journey.accounted_studies import account_for_studies

_COMES_TO: Final[dict[Kind, str]] = {
    "one film": "delivered",
    "two films in two associations": "delivered",
    "no hand on it": "not_evaluable",
    "broken pixels": "not_evaluable",
    "for no system": "no_system",
}


@dataclass(frozen=True)
class Written:
    """One object that was written from a result."""

    sop_instance_uid: str
    content_sha256: str
    study_instance_uid: str
    role: str
    current: bool
    """The result still stands."""


class ResultAccount:
    """Everything the ledger says about results, read once."""

    def __init__(self, ledger: Ledger) -> None:
        with ledger.read() as session:
            self._account = account_for_studies(session)
            self.studies = {row.study_instance_uid: row for row in session.scalars(select(StudyRow))}
            self.results: dict[str, list[ResultRow]] = defaultdict(list)
            for row in session.scalars(select(ResultRow)):
                self.results[row.study_instance_uid].append(row)
            self.written = {one.sop_instance_uid: one for one in _written(session)}
            self.deliveries = list(session.scalars(select(DeliveryRow)))

    def broken_results(
        self, sent: Mapping[str, SentStudy], images: Mapping[str, set[str]], tally: Tally
    ) -> Iterator[str]:
        """In words, each study that did not come to the one rest that it must. ``images``: acknowledged, by study."""
        scores: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for uid, study in sent.items():
            row = self.studies.get(uid)
            if row is None:
                yield f"lost: the study {uid} ({study.kind})"
                continue
            if row.state != _COMES_TO[study.kind]:
                yield f"study {uid} ({study.kind}) is {row.state}, not {_COMES_TO[study.kind]}: {row.reasons}"
            current = [result for result in self.results[uid] if result.current]
            if len(current) != (row.state != "no_system"):
                word = "doubled" if current else "lost"
                yield f"{word}: study {uid} ({row.state}) has {len(current)} current results"
            for result in current:
                content = json.loads(result.content)
                if {image["sop_instance_uid"] for image in content["images"]} != images[uid]:
                    yield f"forgotten: the result of study {uid} does not rest on all its images"
                if study.scored:
                    scores[study.kind, study.drawing].setdefault(_scores(content), uid)
            tally.count("at the end: results that stand", len(current))
        for (kind, drawing), different in scores.items():
            if len(different) > 1:
                yield f"the same pictures ({kind}, {drawing}) got {len(different)} different scores"

    def unaccounted(self) -> Iterator[str]:
        """P7: studies, of whomever, that neither came to rest nor say why."""
        yield from (f"stuck: study {uid} is {why}" for uid, why in self._account.forgotten.items())
        if self._account.waiting:
            yield f"stuck: {self._account.waiting} studies still wait"

    def undelivered(self) -> Iterator[str]:
        """Objects of results that stand and were not answered and committed."""
        for row in self.deliveries:
            if self.written[row.sop_instance_uid].current and not (row.state == "sent" and row.committed):
                committed = "committed" if row.committed else "not committed"
                yield f"lost: object {row.sop_instance_uid} for {row.destination} is {row.state}, {committed}"


def _written(session: Session) -> Iterator[Written]:
    query = select(ObjectRow, ResultRow).join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
    for row, result in session.execute(query):
        yield Written(row.sop_instance_uid, row.content_sha256, result.study_instance_uid, row.role, result.current)


def _scores(content: Mapping[str, Any]) -> str:
    wanted = ("site", "item", "side", "status", "value", "grade")
    return json.dumps([[item[key] for key in wanted] for item in content["items"]])
