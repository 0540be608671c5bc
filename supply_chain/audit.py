"""Known vulnerabilities of the pinned libraries, by pip-audit, where its data can be had.

    python -m supply_chain.audit [--requirements constraints/py311.txt]

Exit code 1 for a vulnerability that exceptions.toml does not list, or lists with a last day that is over. Without the
network, or where the index has no such data, it says what was not audited and ends with 0: a build in a closed house
must not fail for that. pip-audit is asked for by ``make audit``, which gives it an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
_KEYS = {"id", "package", "reason", "until"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One known vulnerability of one library."""

    package: str
    version: str
    ids: tuple[str, ...]
    """Its names: PYSEC, GHSA, CVE."""
    fixed_in: tuple[str, ...]


def main() -> int:
    """Ask, judge, say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requirements", type=Path, default=Path("constraints/py311.txt"))
    arguments = parser.parse_args()
    report = ask(arguments.requirements)
    if report is None:
        print("not audited: pip-audit got no data (no network, or an index without it)")
        return 0
    findings, skipped = read_report(report)
    open_ones, lived_with = judge(findings, read_exceptions(EXCEPTIONS), datetime.now(UTC).date())
    for finding in open_ones:
        print(f"VULNERABLE {finding.package} {finding.version}: {', '.join(finding.ids)}; fixed in {finding.fixed_in}")
    for finding, reason in lived_with:
        print(f"excepted   {finding.package} {finding.version}: {finding.ids[0]}: {reason}")
    print(f"{len(report['dependencies'])} libraries, {len(skipped)} not audited, {len(open_ones)} vulnerabilities")
    return 1 if open_ones else 0


def ask(requirements: Path) -> dict[str, Any] | None:
    """pip-audit's report; None when it got no data."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(requirements), "--no-deps", "--disable-pip"]
    try:
        done = subprocess.run(
            [*command, "--format", "json", "--timeout", "10"], capture_output=True, text=True, timeout=240, check=False
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return report if any("skip_reason" not in entry for entry in report["dependencies"]) else None


def read_report(report: Mapping[str, Any]) -> tuple[list[Finding], list[str]]:
    """What is known, and the libraries of which nothing is."""
    findings, skipped = [], []
    for entry in report["dependencies"]:
        if "skip_reason" in entry:
            skipped.append(str(entry["name"]))
        for known in entry.get("vulns", ()):
            ids = (known["id"], *known.get("aliases", ()))
            findings.append(Finding(entry["name"], entry["version"], ids, tuple(known.get("fix_versions", ()))))
    return findings, skipped


def read_exceptions(path: Path) -> list[dict[str, Any]]:
    """Every exception with id, package, reason and last day. Raises ValueError for one that lacks any of them."""
    entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    for entry in entries:
        if set(entry) != _KEYS or not isinstance(entry["until"], date) or not str(entry["reason"]).strip():
            raise ValueError(f"{path.name}: an exception has exactly {sorted(_KEYS)}, until is a date: {entry}")
    return entries


def judge(
    findings: Sequence[Finding], exceptions: Sequence[Mapping[str, Any]], today: date
) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    """Those that nobody excepted, or for a time that is over; and those that we live with, with the reason."""
    open_ones, lived_with = [], []
    for finding in findings:
        reason = next(
            (
                str(entry["reason"])
                for entry in exceptions
                if entry["package"] == finding.package and entry["id"] in finding.ids and today <= entry["until"]
            ),
            None,
        )
        if reason is None:
            open_ones.append(finding)
        else:
            lived_with.append((finding, reason))
    return open_ones, lived_with


if __name__ == "__main__":
    sys.exit(main())
