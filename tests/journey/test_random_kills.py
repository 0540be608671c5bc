"""Random kills of a whole node under load and attack: nothing is lost, nothing is doubled.

Ten kills here; a thousand, with figures: ``python -m benchmarks.soak --kills 1000`` (docs/reliability.md). The seed is
in the answer of a test that fails: ``RANDOM_KILLS_SEED`` throws the same dice again.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from benchmarks.soak.soak import Plan, Soak


@pytest.mark.timeout(900)
def test_ten_random_kills_under_load(tmp_path: Path) -> None:
    seed = int(os.environ.get("RANDOM_KILLS_SEED") or random.SystemRandom().randrange(10**6))
    plan = Plan(seed=seed, minutes=5, kills=10, kill_seconds=2.0, study_seconds=3.0, hostile_seconds=1.0)
    tally = Soak(tmp_path, plan).run()
    assert tally.broken == [], tally.text
    assert tally.of("kill: ") == 10, tally.text
    assert tally.of("instance acknowledged") > 0, tally.text
