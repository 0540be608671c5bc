"""Stop 6 is asked for here: one report job for each form that the destinations of a result get."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from dicom_node.delivery.accepted_forms import form_for
from dicom_node.ledger.jobs import LeasedJob, add_job, wait_again
from dicom_node.peers import Peer
from scoring.result import ScoreResult
from sr_templates.document_forms import LADDER, DocumentForm


def add_report_jobs(session: Session, result: ScoreResult, destinations: Sequence[Peer]) -> list[str]:
    """A report job for each form, naming the destinations that get it. Returns the jobs, for their hints.

    Without destinations the report is written all the same: the page shows it.
    """
    by_form: dict[DocumentForm, list[str]] = defaultdict(list)
    for peer in destinations:
        by_form[form_for(session, peer).form].append(peer.name)
    jobs = []
    for form in sorted(by_form) or LADDER[:1]:
        subject = _subject(result.system, result.digest, form, by_form[form])
        key = _key(result.digest, form)
        jobs.append(add_job(session, "report", key, result.study_instance_uid, subject, hinted=True).id)
    return jobs


def ask_for_form(session: Session, delivery: LeasedJob, form: DocumentForm) -> str:
    """Have the report of a delivery written once more, in the form that its destination takes. Returns the job."""
    name, digest = str(delivery.subject["destination"]), str(delivery.subject["result"])
    subject = _subject(str(delivery.subject["system"]), digest, form, [name])
    job = add_job(session, "report", _key(digest, form, name), delivery.study_instance_uid, subject, hinted=True)
    if job.state == "done":  # the destination took it, then did not, and now takes it again
        wait_again(job)
    return job.id


def _subject(system: str, digest: str, form: DocumentForm, destinations: list[str]) -> dict[str, Any]:
    return {"system": system, "result": digest, "form": form, "destinations": destinations}


def _key(*names: str) -> str:
    return f"report:{hashlib.sha256('|'.join(names).encode()).hexdigest()}"
