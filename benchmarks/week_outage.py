"""A PACS is away for many rounds of back-off while results wait; when it returns: how soon is everything there?

    python -m benchmarks.week_outage --results 1000 --rounds 30

The waits are those of ``[delivery]``, made short (a wait of 0.5 s stands for one of 120 s); everything else is a node
as it is: ``rheumascore run``, its ledger, queue and workers, and a real Orthanc. Figures: docs/reliability.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.foreign_programs.programs import wait_until
from tests.journey.waiting_node import WaitingNode

_LONGEST_SECONDS = 3600.0


def main() -> None:
    """Fill an outbox, wait through the outage, start the PACS, and print how long what took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=30, help="so often the PACS is asked in vain")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, WaitingNode(Path(folder) / "node", asked.results) as node:
        away = time.monotonic()
        wait_until("the outage is over", lambda: node.failures() >= asked.rounds, _LONGEST_SECONDS)
        print(
            f"{asked.results} results waited through {node.failures()} vain attempts in {_since(away):.0f} s",
            flush=True,
        )
        node.wire.most_at_once = 0
        node.orthanc.start()
        back = time.monotonic()
        objects = len(node.sent)

        def delivered() -> bool:
            return sum(number for (state, _), number in node.deliveries().items() if state == "sent") == objects

        wait_until("everything is delivered", delivered, _LONGEST_SECONDS)
        print(f"{objects} objects delivered {_since(back):.0f} s after its return", flush=True)
        node.wait_for_delivery(_LONGEST_SECONDS)
        print(f"all committed {_since(back):.0f} s after its return")
        print(f"at most {node.wire.most_at_once} associations at a time")
        places = {uid: place for place, uid in enumerate(sorted(node.events("stored_at_destination")))}
        early = max(abs(places[uid] - n) for n, uid in enumerate(node.events("stored_at_destination")))
        print(f"in order of completion; the furthest was {early} place(s) from its own")
        node.check_pacs()
        print(f"the PACS has each of {objects} objects once, with the bytes that were sent")


def _since(moment: float) -> float:
    return time.monotonic() - moment


if __name__ == "__main__":
    main()
