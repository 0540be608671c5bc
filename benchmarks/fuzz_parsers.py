"""Coverage-guided fuzzing of every parser of ours that a sender's bytes reach (atheris over libFuzzer, Linux).

    pip install 'rheumascore[fuzz]'
    python -m benchmarks.fuzz_parsers [--minutes 4] [--target NAME]… [--keep DIR]

Each target of ``fuzz_targets.py`` runs so many minutes in a process of its own, whose branches in our code and in
pydicom guide it. A finding is an exception that is no answer of ours, a broken promise, an input that takes longer
than 5 s, or more than 1 GB: it ends the target, is printed, and the input lies in the kept folder. Exit code 1 then.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TARGETS = (
    "strict_dataset_pass",
    "association_request",
    "dimse_command",
    "part10_head",
    "header",
    "report",
    "jpeg_header",
    "stored_result",
)
INSTRUMENTED = ["dicom_node", "scoring", "sr_templates", "pydicom"]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one target's process said at its end."""

    target: str
    inputs: int
    branches: int
    kept_inputs: int
    slowest_seconds: int
    peak_megabytes: int
    finding: str

    @property
    def line(self) -> str:
        """A row of the table in docs/reliability.md."""
        return (
            f"| {self.target} | {self.inputs:,} | {self.branches:,} | {self.kept_inputs:,} | "
            f"{self.peak_megabytes} MB | {self.finding or 'none'} |"
        )


def main() -> int:
    """Fuzz every target, or as a child process one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0, help="for each target")
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--keep", type=Path, help="corpus and findings stay in this folder")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        fuzz(arguments.child, arguments.keep, int(60 * arguments.minutes))
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        print("| target | inputs | branches reached | inputs kept | memory | findings |")
        print("| --- | --- | --- | --- | --- | --- |")
        tallies = [run_child(name, folder / name, arguments.minutes) for name in arguments.target or TARGETS]
    return 1 if any(tally.finding for tally in tallies) else 0


def fuzz(name: str, folder: Path, seconds: int) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from benchmarks.fuzz_targets import TARGETS, be_quiet

    target, corpus = TARGETS[name], folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    be_quiet()
    limits = ["-timeout=5", "-rss_limit_mb=1024", f"-max_total_time={seconds}", f"-max_len={target.longest}"]
    atheris.Setup(
        [sys.argv[0], *limits, "-print_final_stats=1", f"-artifact_prefix={folder}/", str(corpus)], target.read
    )
    atheris.Fuzz()


def run_child(name: str, folder: Path, minutes: float) -> Tally:
    """One target in a process of its own; prints and returns its tally."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.fuzz_parsers", "--child", name, "--keep", str(folder)]
    done = subprocess.run([*command, "--minutes", str(minutes)], capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    (folder / "log.txt").write_text(said)
    tally = Tally(
        name,
        inputs=_last(r"stat::number_of_executed_units:\s*(\d+)", said),
        branches=_last(r"cov: (\d+)", said),
        kept_inputs=_last(r"corp: (\d+)", said),
        slowest_seconds=_last(r"stat::slowest_unit_time_sec:\s*(\d+)", said),
        peak_megabytes=_last(r"stat::peak_rss_mb:\s*(\d+)", said),
        finding="" if done.returncode == 0 else _finding(said),
    )
    print(tally.line, flush=True)
    return tally


def _last(pattern: str, said: str) -> int:
    found = re.findall(pattern, said)
    return int(found[-1]) if found else 0


def _finding(said: str) -> str:
    lines = said.splitlines()
    for number, line in enumerate(lines):
        if "Uncaught Python exception" in line:
            return lines[number + 1]
    return next((line for line in lines if "ERROR" in line or "Error" in line), "the process ended without a word")


if __name__ == "__main__":
    sys.exit(main())
