"""Does a training that is killed at any moment end as if nobody had touched it?

    python -m benchmarks.training_kills [--kills 10] [--seed 1]

`train svdh_hands` learns by a small recipe that has every course: damage by place on phantoms, then readers' totals,
two networks, once for each fold and once with all. One run is left alone and timed. Then runs of the same command are
killed (SIGKILL to the whole group of processes) after a random share of that time and started again, until so many
kills have met a living process; a run that ends before its kill is compared, and a new one begun. Every file that a
run leaves must be the same to the last byte, but for its log and its record, which tell seconds and what was typed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scoring.learning.run_folder import LOG_FILE, RUN_FILE
from scoring.phantoms.write_phantoms import write_hand_phantoms

RECIPE: Final = """\
pixels = 64
folds = 2
blend = "ridge"

[[members]]
name = "slim"
backbone = "resnet18"
options = { channels = [8, 16, 24, 32] }

[[members]]
name = "mobile"
backbone = "mobilenetv2_035"
scheme = "last_stage"

[joints]
epochs = 3
batch = 8
rate = 1e-3
hands = 16

[totals]
epochs = 6
batch = 4
rate = 1e-3
"""
_HANDS: Final = 12
_OWN_WORDS: Final = (LOG_FILE, RUN_FILE)


def main() -> None:
    """Kill, compare, print; exit code 1 when a file differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(0 if killed_runs_are_equal(Path(scratch), asked.kills, random.Random(asked.seed)) else 1)


def killed_runs_are_equal(site: Path, kills: int, chance: random.Random) -> bool:
    """Whether every run that was killed left what the undisturbed one did."""
    for _ in write_hand_phantoms(site / "films", _HANDS, 300, readers=2):
        pass
    (site / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    began = time.monotonic()
    trained(site, "undisturbed", None)
    whole = time.monotonic() - began
    wanted = digests(site / "undisturbed")
    print(f"undisturbed: {whole:.0f} s, {len(wanted)} files to compare", flush=True)
    done, equal, run = 0, True, 1
    while done < kills:
        moment = chance.uniform(0, whole)
        if not trained(site, f"killed-{run}", moment):
            done += 1
            print(f"kill {done}, run {run}: after {moment:.1f} s; {standing(site / f'killed-{run}')}", flush=True)
            continue
        equal = compared(site, run, wanted) and equal
        run += 1
    trained(site, f"killed-{run}", None)
    return compared(site, run, wanted) and equal


def trained(site: Path, run: str, moment: float | None) -> bool:
    """Start or go on; False when it was killed at the moment, True when it ended. CalledProcessError when it failed."""
    command = [sys.executable, "-m", "scoring.cli", "train", "svdh_hands", "--labels", f"{site}/films/readings.csv"]
    command += ["--images", f"{site}/films", "--recipe", f"{site}/recipe.toml", "--out", f"{site}/{run}"]
    log = site / f"{run}.log"
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    try:
        code = process.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    if code:
        print(log.read_text(encoding="utf-8"), file=sys.stderr)
        raise subprocess.CalledProcessError(code, command)
    return True


def compared(site: Path, run: int, wanted: dict[str, str]) -> bool:
    """Whether a run's files are those of the undisturbed one; says which are not."""
    found = digests(site / f"killed-{run}")
    differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    print(f"run {run} ended: {'every file equal' if not differing else f'DIFFER: {differing}'}", flush=True)
    return not differing


def digests(run: Path) -> dict[str, str]:
    """SHA-256 of every file of a run but its log and its record."""
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(run)}


def standing(run: Path) -> str:
    """How far a run had come."""
    names = sorted(path.name for path in _files(run))
    done = [name for name in names if name.endswith(".safetensors")]
    begun = [name for name in names if name.endswith(".checkpoint")]
    return f"{len(done)} networks learnt, {f'within {begun[0]}' if begun else 'between two'}"


def _files(run: Path) -> Iterator[Path]:
    return (path for path in run.rglob("*") if path.is_file() and path.name not in _OWN_WORDS)


if __name__ == "__main__":
    main()
