"""The kill matrix many times over: what was lost, what was doubled, and how long each study took to come to rest.

    python -m benchmarks.kill_matrix [--times 10] [--only C12]

The rows are those of ``tests/journey/test_killed_half_way.py``: ``rheumascore run`` with the shipped weights beside a
real Orthanc, killed at each named place. Each round begins with an empty node and another film.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from scoring.catalogue import find_spec
from scoring.pixel_decoding import PixelDecoder
from tests.journey.kept_promises import check_objects, check_store, check_study, result_of, scores_of
from tests.journey.killed_node import KilledNode
from tests.journey.kills import KILLS, UNDISTURBED, Kill
from tests.journey.sent_study import SentStudy, write_study


@dataclass
class Tally:
    """What came of one row of the matrix."""

    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Kill, look, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="rounds")
    parser.add_argument("--only", default="", help="rows with this number or name")
    arguments = parser.parse_args()
    kills = [kill for kill in KILLS if arguments.only in (kill.number, kill.name, "")]
    tallies: dict[Kill, Tally] = defaultdict(Tally)
    for number in range(1, arguments.times + 1):
        with tempfile.TemporaryDirectory() as scratch, KilledNode(Path(scratch)) as node:
            one_round(node, kills, number, tallies)
        print_table(tallies)


def one_round(node: KilledNode, kills: Sequence[Kill], film: int, tallies: dict[Kill, Tally]) -> None:
    """Every kill once, on one node; then an undisturbed study of the same film, and all of them are compared."""
    survivors: dict[Kill, SentStudy] = {}
    for number, kill in enumerate((*kills, UNDISTURBED)):
        study = write_study(node.folder / "sent", number, film)
        began = time.monotonic()
        try:
            with node.calm_after_a_fault():
                kill.happens(node, study)
            tallies[kill].seconds.append(time.monotonic() - began)
            check_study(node, study)
            survivors[kill] = study
        except (AssertionError, ValueError, pytest.fail.Exception) as fault:
            note(tallies[kill], fault)
    undisturbed = scores_of(result_of(node, survivors[UNDISTURBED]))
    with PixelDecoder() as decoder:
        for kill, study in survivors.items():
            try:
                check_objects(node, study, find_spec("hand_joints"), decoder)
                assert scores_of(result_of(node, study)) == undisturbed
            except AssertionError as fault:
                note(tallies[kill], fault)
    check_store(node)
    assert node.verb("audit", "verify").returncode == 0


def note(tally: Tally, fault: BaseException) -> None:
    """Keep a fault for the table, and show it at once."""
    words = f"{type(fault).__name__}: {fault}".splitlines()[0]
    tally.faults.append(words)
    print(words, flush=True)


def print_table(tallies: dict[Kill, Tally]) -> None:
    """As in docs/reliability.md, after each round; seconds from sending to rest, kill and restart included."""
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("| # | killed at | times | lost or doubled | at rest after, s: median, longest |")
    print("| --- | --- | --- | --- | --- |")
    for kill, tally in tallies.items():
        times = f"{median(tally.seconds):.1f}, {max(tally.seconds):.1f}" if tally.seconds else "never"
        print(f"| {kill.number} | `{kill.name}` | {len(tally.seconds)} | {len(tally.faults)} | {times} |", flush=True)


if __name__ == "__main__":
    main()
