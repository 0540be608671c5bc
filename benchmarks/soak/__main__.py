"""Load, attack and kill a whole node for as long as you like; then see whether anything was lost or doubled.

    python -m benchmarks.soak --minutes 60 [--kills 500] [--calm 0.33] [--seed 1] [--folder DIR]

A real Orthanc and the very `rheumascore run --config node.toml`, with the shipped model, on this machine.
- Honest senders bring a steady load: films of hands, films that cannot be evaluated, images for no system, studies in
  two associations, studies sent twice. What is not answered 0x0000 is sent again.
- A hostile address sits idle, knocks, lies, damages conversations and data sets.
- With --kills, SIGKILL hits a random process at random moments: the listener, a worker, a decoding child, the page,
  the supervisor, or all at once. The group is started again when it has ended, as systemd or Docker would. With
  --calm, the last share of the time passes without kills, and is looked at for what grows.
Then the load ends, the node comes to rest, and these must hold:
- every acknowledged instance is kept once, bit for bit (SHA-256), and nothing half-written is left;
- each study has the one state it must come to, with its reason, and one current result, which rests on all its images;
- the same pictures have the same scores, whatever died meanwhile;
- the PACS has every object of every result that stands, once, byte for byte, and none that no result names;
  dciodvfy finds no error in the reports;
- the audit trail is intact; memory, threads and descriptors of every process are flat.
The tally is in DIR/tally.json, also while it runs; the picture in DIR/soak.png. Ctrl-C or SIGTERM ends load and kills
before their time and still makes the reckoning. Exit code 1 when anything is not as promised.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.soak.flatness import describe
from benchmarks.soak.picture import draw_soak
from benchmarks.soak.soak import Plan, Soak


def main() -> int:
    """Soak, reckon, print."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="at the longest; default 60")
    parser.add_argument("--kills", type=int, default=0, help="at the most so many; default 0: none at all")
    parser.add_argument("--calm", type=float, default=0.0, help="last share of the time without kills; default 0")
    parser.add_argument("--kill-seconds", type=float, default=4.0, help="on average between two kills; default 4")
    parser.add_argument("--study-seconds", type=float, default=4.0, help="on average between two studies; default 4")
    parser.add_argument("--hostile-seconds", type=float, default=2.0, help="on average between two attacks; default 2")
    parser.add_argument("--seed", type=int, default=1, help="of all dice; default 1")
    parser.add_argument("--folder", type=Path, help="keep everything there; default: a folder that is removed")
    words = parser.parse_args()
    plan = Plan(
        seed=words.seed,
        minutes=words.minutes,
        kills=words.kills,
        kill_seconds=words.kill_seconds,
        calm=words.calm,
        study_seconds=words.study_seconds,
        hostile_seconds=words.hostile_seconds,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = (words.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        soak = Soak(folder, plan)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: soak.over.set())
        tally = soak.run()
        soak.sizes.write(folder / "sizes.csv")
        draw_soak(soak.sizes.sizes, soak.senders.served, folder / "soak.png")
    print(tally.text)
    print("\n".join(describe(soak.sizes.sizes, soak.sizes.ledger, soak.senders.served)))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
