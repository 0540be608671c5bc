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
_LONGEST: Final = 110
_SAID: Final = {
    "__import__('sqlalchemy').true()": "every row",
    "pass": "nothing",
    "-1": "no entry",
    "'SELECT 1'": "none",
}


def write_page(guards: list[Mutant], results: Results, equivalents: Equivalents) -> list[Mutant]:
    """Write the page. Returns the guards that no test noticed, or that were not tried."""
    survivors = [g for g in guards if not equivalents.reason(g) and not _noticed_by(g, results)]
    lines = [*_head(guards, survivors, results, equivalents)]
    for kind, title in KINDS.items():
        rows = [g for g in guards if g.kind == kind and g not in survivors and not equivalents.reason(g)]
        if rows:
            lines += [f"## {title}", "", "| place | taken away | instead | fails |", "| --- | --- | --- | --- |"]
            lines += [_row(g, f"`{_noticed_by(g, results)}`") for g in rows]
            lines.append("")
    if survivors:
        lines += ["## Not noticed", "", "| place | taken away | instead | |", "| --- | --- | --- | --- |"]
        lines += [_row(g, "no test failed" if results.of(g) else "not tried") for g in survivors] + [""]
    alike = [g for g in guards if equivalents.reason(g)]
    if alike:
        lines += ["## Without these nothing changes that a test could see", ""]
        lines += ["| place | taken away | instead | why |", "| --- | --- | --- | --- |"]
        lines += [_row(g, equivalents.reason(g)) for g in alike] + [""]
    _PAGE.write_text("\n".join(lines), encoding="utf-8")
    return survivors


def _head(guards: list[Mutant], survivors: list[Mutant], results: Results, equivalents: Equivalents) -> list[str]:
    alike = sum(bool(equivalents.reason(g)) for g in guards)
    kinds = Counter(g.kind for g in guards)
    return [
        "# What proves the suite",
        "",
        "Written by `python -m benchmarks.mutations`, which reads the code for its guards, takes each away by itself "
        "and lets the tests run that should notice. Named is the first test that failed.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {results.commit}: {len(guards)} guards; "
        f"{len(guards) - len(survivors) - alike} noticed by a test, {alike} without effect, {len(survivors)} left. "
        f"By kind: {', '.join(f'{kinds[k]} {k}' for k in KINDS if kinds[k])}.",
        "",
    ]


def _row(guard: Mutant, last: str) -> str:
    place = f"{guard.path}" + (f": {guard.function}" if guard.function else "")
    instead = "in the other order" if guard.kind == "order" else _SAID.get(guard.replacement, guard.replacement)
    return f"| {place} | `{_cell(guard.removed)}` | {_cell(instead)} | {last} |"


def _cell(text: str) -> str:
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…").replace("|", "\\|").replace("`", "'")


def _noticed_by(guard: Mutant, results: Results) -> str:
    verdict = results.of(guard)
    return verdict.test.removeprefix("tests/") if verdict else ""
