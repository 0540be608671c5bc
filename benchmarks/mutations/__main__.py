"""Take every guard away, one at a time, and see which test notices. Nothing of the working tree is touched.

    python -m benchmarks.mutations [--only TEXT] [--again] [--wide] [--watch] [--ask TEST] [--commit HEAD]

Guards are found by reading the code (``guards``), taken away in copies of a commit, and asked of the tests that
call their function, then of those that start the node as a process. What is known is kept in ``results.json`` of the
work folder: a run that was cut goes on where it was, and a guard is tried again when its function has changed. Ends by
writing ``docs/mutation_run.md`` (not with ``--only``). Exit code 1 when no test failed without a guard, unless
``equivalent.toml`` says why nothing changes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from benchmarks.mutations.guards import find_guards
from benchmarks.mutations.mutant import Mutant
from benchmarks.mutations.results import Results, Verdict, read_equivalents
from benchmarks.mutations.results_page import KINDS, write_page
from benchmarks.mutations.scratch_tree import ROOT, ScratchTree
from benchmarks.mutations.test_choice import CallsOfTests


def main() -> int:
    """See the file's head."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only guards whose name or kind holds this text")
    parser.add_argument("--again", action="store_true", help="also those of which the verdict is known to be survived")
    parser.add_argument("--wide", action="store_true", help="also ask every test that starts the node as a process")
    parser.add_argument("--ask", action="append", default=[], metavar="TEST", help="ask this test before all others")
    parser.add_argument("--watch", action="store_true", help="first see which functions new and changed tests call")
    parser.add_argument("--list", action="store_true", help="print the guards and end")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutations")
    parser.add_argument("--processes", type=int, default=2, choices=(1, 2))
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", chosen.commit], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    trees = [ScratchTree(chosen.work / f"tree_{number}", commit) for number in range(chosen.processes)]
    guards = find_guards(trees[0].folder)
    if chosen.list:
        print("\n".join(f"{guard.kind:9} {guard.name}" for guard in guards))
        return 0
    results = Results(chosen.work / "results.json", commit)
    equivalents = read_equivalents()
    calls = CallsOfTests(chosen.work)
    if chosen.watch:
        calls.watch(trees[0])
    waiting = deque(
        guard
        for guard in sorted(guards, key=lambda guard: list(KINDS).index(guard.kind))
        if chosen.only in f"{guard.kind} {guard.name}"
        and not equivalents.reason(guard)
        and not results.is_known(guard, again=chosen.again)
    )
    print(f"{len(guards)} guards, {len(waiting)} to be tried", flush=True)
    threads = [threading.Thread(target=_try_all, args=(tree, waiting, calls, results, chosen)) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if chosen.only:
        return 0
    survivors = write_page(guards, results, equivalents)
    print(f"{len(survivors)} survived or were not tried", *(f"  {s.kind} {s.name[:150]}" for s in survivors), sep="\n")
    return 1 if survivors else 0


def _try_all(
    tree: ScratchTree, waiting: deque[Mutant], calls: CallsOfTests, results: Results, chosen: argparse.Namespace
) -> None:
    while waiting:
        try:
            guard = waiting.popleft()
        except IndexError:
            return
        began = time.monotonic()
        near = [*chosen.ask, *results.noticing_near(guard)]
        verdict = _try_one(tree, guard, calls.stages(guard, tree, near, wide=chosen.wide))
        results.keep(guard, verdict)
        print(f"{time.monotonic() - began:6.1f} s  {guard.kind:9} {guard.name[:150]}\n  {verdict.words}", flush=True)


def _try_one(tree: ScratchTree, guard: Mutant, stages: list[list[str]]) -> Verdict:
    if not stages:
        return Verdict(fault="no test is known that calls it: run with --watch")
    try:
        with tree.without(guard):
            for stage in stages:
                if failed := _fails_again(tree, stage):
                    return Verdict(test=failed)
    except RuntimeError as fault:
        return Verdict(fault=str(fault))
    return Verdict()


def _fails_again(tree: ScratchTree, tests: list[str]) -> str | None:
    """The first of these that fails twice: on a busy machine a test may fail by accident."""
    accidents: list[str] = []
    while failed := tree.first_failure([*tests, *(f"--deselect={name}" for name in accidents)]):
        if tree.first_failure([failed]):
            return failed
        accidents.append(failed)
    return None


sys.exit(main())
