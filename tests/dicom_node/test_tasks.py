"""What a hint leads to, whenever it comes: the job that it names, or nothing."""

from __future__ import annotations

from pathlib import Path

from dicom_node.ledger.jobs import take_lease
from dicom_node.queue.celery_app import TASK_OF, celery_app
from dicom_node.settings import NodeSection, NodeSettings
from dicom_node.tasks import Workplace, register_tasks
from tests.dicom_node.ledger.ledgers import add_jobs, add_study, job


def test_a_hint_to_a_job_that_is_not_to_be_taken_does_nothing(tmp_path: Path) -> None:
    """Given a job in somebody's hands; when its hint comes again, or one to no job; then the task ends well."""
    settings = NodeSettings(node=NodeSection(data_dir=tmp_path))
    workplace = Workplace.open(settings, celery_app(settings))
    workplace.ledger.upgrade()
    add_study(workplace.ledger)
    [job_id] = add_jobs(workplace.ledger, 1, "report")
    assert take_lease(workplace.ledger, job_id, "a:1:x") is not None
    register_tasks(workplace.app, workplace)
    for hinted in (job_id, "no such job"):
        assert workplace.app.tasks[TASK_OF["report"]](hinted) is None
    assert job(workplace.ledger, job_id).lease_owner == "a:1:x"
    workplace.close()
