"""``docs/mutation_run.md``: each guard, and the test that fails without it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from benchmarks.mutations.mutant import Mutant
from benchmarks.mutations.results import Equivalents, Results
from benchmarks.mutations.scratch_tree import ROOT

_PAGE: Final = ROOT / "docs" / "mutation_run.md"
KINDS: Final = {
    "fsync": "Bytes on disk",
    "order": "On disk before it has its name",
    "commit": "Transactions",
    "fencing": "Fencing: only the newest lease writes",
    "lease": "Leases",
    "status": "Statuses of C-STORE, N-ACTION and storage commitment",
    "identity": "Which object, which message",
    "admission": "Who may connect",
    "digest": "Digests and hashes",
    "audit": "The audit trail",
    "state": "States of studies, jobs and deliveries",
}
"""Of guards, in the order in which they are tried and shown."""
_HEAD: Final = (
    "# What proves the suite",
    "",
    "Written by `python -m benchmarks.mutations`, which reads the code for its guards, takes each away by itself and "
    "lets the tests run that should notice. Named is the first test that failed, twice in a row.",
    "",
)
_LONGEST: Final = 110
_SAID: Final = {
    "__import__('sqlalchemy').true()": "every row",
    "pass": "nothing",
    "-1": "no entry",
    "'SELECT 1'": "none",
}


def write_page(guards: list[Mutant], results: Results, equivalents: Equivalents) -> list[Mutant]:
    """Write the page. Returns the guards that no test noticed, or that were not tried."""
    alike = [g for g in guards if equivalents.reason(g)]
    noticed = [g for g in guards if g not in alike and _noticed_by(g, results)]
    left = [g for g in guards if g not in alike and g not in noticed]
    survivors = [g for g in left if (verdict := results.of(g)) and not verdict.fault]
    lines = [*_HEAD, _sum_of(guards, noticed, alike, survivors, results.commit), ""]
    for kind, title in KINDS.items():
        lines += _table(title, "fails", [_row(g, f"`{_noticed_by(g, results)}`") for g in noticed if g.kind == kind])
    lines += _table("Not noticed by any test", "kind", [_row(g, g.kind) for g in survivors])
    why = "Without these nothing changes that a test could see"
    lines += _table(why, "why", [_row(g, equivalents.reason(g)) for g in alike])
    _PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return left


def _sum_of(
    guards: list[Mutant], noticed: list[Mutant], alike: list[Mutant], survivors: list[Mutant], commit: str
) -> str:
    kinds, seen = Counter(g.kind for g in guards if g not in alike), Counter(g.kind for g in noticed)
    untried = len(guards) - len(noticed) - len(alike) - len(survivors)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}: {len(guards)} guards. Noticed by a test: {len(noticed)} "
        f"({', '.join(f'{seen[k]} of {kinds[k]} {k}' for k in KINDS if kinds[k])}); without effect, and counted in "
        f"none of these: {len(alike)}; not noticed: {len(survivors)}; not tried yet with every test that calls them, "
        f"or not since the code around them changed: {untried}."
    )


def _table(title: str, last: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [f"## {title}", "", f"| place | taken away | instead | {last} |", "| --- | --- | --- | --- |", *rows, ""]


def _row(guard: Mutant, last: str) -> str:
    place = f"{guard.path}" + (f": {guard.function}" if guard.function else "")
    instead = "in the other order" if guard.kind == "order" else _SAID.get(guard.replacement, guard.replacement)
    return f"| {place} | `{_cell(guard.removed)}` | {_cell(instead)} | {last} |"


def _cell(text: str) -> str:
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…").replace("|", "\\|").replace("`", "'")


def _noticed_by(guard: Mutant, results: Results) -> str:
    verdict = results.of(guard)
    return verdict.test.removeprefix("tests/") if verdict else ""
