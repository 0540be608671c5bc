"""What bounds a worker: the settings with which it runs, and the end of one whose job hangs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dicom_node import process_group
from dicom_node.ledger.job_failures import CRASHED
from dicom_node.ledger.lease_keeper import EXIT_STUCK
from dicom_node.queue.celery_app import DELIVERY_THREADS, celery_app
from dicom_node.queue.leased_work import LONGEST_SECONDS
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from dicom_node.receiving import listener
from tests.dicom_node.ledger.ledgers import add_jobs, job, new_ledger
from tests.dicom_node.queue.worker_program import RunningWorker, journal, settings_for
from tests.foreign_programs.programs import wait_until

ON_A_POOL_OF_PROCESSES = {
    "task_time_limit",
    "task_soft_time_limit",
    "worker_max_tasks_per_child",
    "worker_max_memory_per_child",
    "worker_soft_shutdown_timeout",
}
"""Celery's own limits: in the pools that we run they would be accepted and do nothing."""
GUARDING_A_HINT = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    "accept_content": ["json"],
}


def test_running_workers_have_the_pools_and_settings_that_they_are_meant_to_have(tmp_path: Path) -> None:
    """Given a worker for each queue, as it runs; when it is asked; then it says solo and threads, and no vain limit."""
    inspect = celery_app(settings_for(tmp_path)).control.inspect

    def answers(question: str) -> dict[str, Any]:
        said = getattr(inspect(timeout=2), question)() or {}
        return {name.partition("-")[0]: answer for name, answer in said.items()} if len(said) == 2 else {}

    with RunningWorker(tmp_path, "scoring"), RunningWorker(tmp_path, "delivery"):
        pools = {name: said["pool"] for name, said in wait_until("both answer", lambda: answers("stats")).items()}
        conf = wait_until("both say how they are set", lambda: answers("conf"))
    assert {name: (pool["implementation"], pool["max-concurrency"]) for name, pool in pools.items()} == {
        "scoring": ("celery.concurrency.solo:TaskPool", 1),
        "delivery": ("celery.concurrency.thread:TaskPool", DELIVERY_THREADS),
    }
    for said in conf.values():
        assert {key: said[key] for key in GUARDING_A_HINT} == GUARDING_A_HINT
        assert not ON_A_POOL_OF_PROCESSES & said.keys()


def test_work_that_hangs_ends_its_worker_and_three_times_bring_it_to_a_person(tmp_path: Path) -> None:
    """Given a job that never ends; when three workers have ended themselves over it; then the next does the rest."""
    ledger = new_ledger(tmp_path)
    [hanging] = add_jobs(ledger, 1, seconds=3600)
    settings = settings_for(tmp_path)
    with RelayAndReaper(ledger, celery_app(settings), settings):
        for _ in range(3):
            with RunningWorker(tmp_path, longest_seconds=0.3) as worker:
                assert worker.process.wait(60) == EXIT_STUCK
        wait_until("it waits for a person", lambda: job(ledger, hanging).state == "parked")
        [sound] = add_jobs(ledger, 1, "report")
        with RunningWorker(tmp_path, "scoring,delivery"):
            wait_until("other work goes on", lambda: job(ledger, sound).state == "done")
    assert job(ledger, hanging).error_code == CRASHED
    assert journal(tmp_path, "began") == ["score-0"] * 3 + ["report-0"]
    ledger.close()


def test_each_limit_leaves_the_next_one_room(tmp_path: Path) -> None:
    """A job is over before Redis gives its hint again; who is told to stop has time to drain, and all end in 30 s."""
    options = celery_app(settings_for(tmp_path, "redis://localhost")).conf.broker_transport_options
    assert options["visibility_timeout"] > LONGEST_SECONDS
    assert listener._DRAIN_SECONDS < process_group._DRAIN_SECONDS < 30
