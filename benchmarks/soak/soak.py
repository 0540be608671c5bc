"""One soak: load, attack and kills on a real node and a real Orthanc; then rest, and the reckoning."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from benchmarks.soak.coming_to_rest import come_to_rest
from benchmarks.soak.flatness import grown
from benchmarks.soak.honest_senders import HonestSenders
from benchmarks.soak.hostile_traffic import HostileTraffic
from benchmarks.soak.kept_node import KeptNode
from benchmarks.soak.lies_in_the_pacs import broken_deliveries
from benchmarks.soak.one_result_each import ResultAccount
from benchmarks.soak.random_killer import RandomKiller
from benchmarks.soak.received_whole import broken_receipts
from benchmarks.soak.sent_studies import StudyMaker
from benchmarks.soak.size_over_time import SizeOverTime
from benchmarks.soak.tally import Tally
from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import read_settings

_SENDER: Final = "SENDER"
_LOOK_SECONDS: Final = 0.1
_WRITE_EVERY_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Plan:
    """How long, how hard, and with which dice."""

    seed: int
    minutes: float
    """At the longest."""
    kills: int = 0
    """So many at the most."""
    kill_seconds: float = 4.0
    """On average between two kills."""
    calm: float = 0.0
    """The last share of the time, without kills: there is seen whether all is flat. With none of it, the last kill
    ends the load."""
    study_seconds: float = 4.0
    """On average between two studies."""
    hostile_seconds: float = 2.0
    """On average between two attacks."""


class Soak:
    """``run`` makes it; the tally, the sizes and the waits are there afterwards."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.tally = Tally(plan.seed)
        self.node = KeptNode(folder, self.tally)
        maker = StudyMaker(plan.seed)
        self.senders = HonestSenders(self.node.port, maker, self.tally, pause_seconds=2 * plan.study_seconds)
        self.hostile = HostileTraffic(self.node.port, plan.seed, self.tally, pause_seconds=plan.hostile_seconds)
        self.sizes = SizeOverTime(self.node, lambda: len(self.senders.acknowledged))
        self.over = Event()
        """Set it to end the load and the kills before their time; what follows is not cut."""

    def run(self) -> Tally:
        """Load, kills and attack; rest; reckoning. Leaves nothing running."""
        with self.node:
            ledger = Ledger(read_settings(self.node.config).database_url)
            with self.senders, self.sizes, self.hostile:
                self._kill_and_keep()
            come_to_rest(self.node, self.senders, ledger, self.tally)
            self._reckon(ledger)
            ledger.close()
        self.tally.write(self.folder / "tally.json")
        return self.tally

    def _kill_and_keep(self) -> None:
        """The node is kept running, and killed; both at once, as outside."""
        plan, killer = self.plan, RandomKiller(self.node, self.tally, mean_seconds=self.plan.kill_seconds)
        began = write_at = time.monotonic()
        kill_at, ends_at = began + killer.pause(), began + 60 * plan.minutes
        calm_at = ends_at - 60 * plan.minutes * plan.calm
        while time.monotonic() < ends_at and not self.over.wait(_LOOK_SECONDS):
            self.node.keep()
            if kill_at <= time.monotonic() < calm_at and self.tally.of("kill: ") < plan.kills:
                killer.kill_one()
                kill_at = time.monotonic() + killer.pause()
                if self.tally.of("kill: ") == plan.kills and not plan.calm:
                    break
            if time.monotonic() >= write_at:
                write_at = time.monotonic() + _WRITE_EVERY_SECONDS
                self.tally.write(self.folder / "tally.json")
        self.tally.count("seconds under load", round(time.monotonic() - began))

    def _reckon(self, ledger: Ledger) -> None:
        images: dict[str, set[str]] = defaultdict(set)
        for one in self.senders.acknowledged.values():
            images[one.study_instance_uid].add(one.sop_instance_uid)
        data_dir = self.folder / "data"
        account = ResultAccount(ledger)
        broken = self.tally.broken
        broken += broken_receipts(data_dir, ledger, self.senders.acknowledged.values(), _SENDER, self.tally)
        broken += account.broken_results(self.senders.studies, images, self.tally)
        broken += account.unaccounted()
        broken += account.undelivered()
        broken += broken_deliveries(self.node.orthanc, ContentStore(data_dir), account, self.tally)
        if self.plan.calm or not self.plan.kills:  # between kills no process is old enough to be judged
            broken += grown(self.sizes.sizes)
        if (verified := self.node.verb("audit", "verify")).returncode:
            broken.append(f"audit trail: {verified.stdout}{verified.stderr}")
        refused = self.tally.of("association rejected") + self.tally.of("instance refused")
        if refused and not self.plan.kills:
            broken.append(f"{refused} honest refusals")
