"""How long a study takes, stop by stop: sends N studies, one after the other, and prints medians.

    python -m benchmarks.turnaround [-n 10] [--nailfold [--phone]] [--rested] [--systems all] [--keep DIR]

With ``--nailfold`` each study is a visit of sixteen pictures, wrapped and sent as a site does; with ``--phone`` they
have twelve megapixels. The first study goes as soon as the node answers; with ``--rested`` when its processes have
come to rest, as on any later day. The node scores with the one system that the studies need, or with all.

Starts a PACS and a node of its own on this machine (as ``rheumascore demo`` does), so that a stranger can run it.
The first study is counted apart: it is the one that found the worker just started.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from pydicom import dcmread

from benchmarks.at_rest import wait_until_at_rest
from benchmarks.peak_memory import peaks_below
from benchmarks.phone_pictures import write_phone_visit
from dicom_node.delivery.send_files import send_files
from dicom_node.demo_site import SENDER_TITLE, DemoSite, running_site
from dicom_node.ledger.ledger import Ledger
from dicom_node.photographs.pictured_finger import read_fingers
from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.study_status import study_status
from scoring.phantoms.nailfold.write_nailfolds import write_nailfold_phantoms
from scoring.phantoms.write_phantoms import write_hand_pair

STAGES = (
    ("last image sent to study closed", "sent", "complete"),
    ("routed and hinted", "complete", "score_started"),
    ("scored", "score_started", "scored"),
    ("report taken up", "scored", "report_started"),
    ("report and pictures written", "report_started", "queued_for_delivery"),
    ("delivery taken up", "queued_for_delivery", "deliver_started"),
    ("stored in the PACS", "deliver_started", "delivered"),
    ("end of quiet time to all stored", "complete", "delivered"),
)


@dataclass(frozen=True)
class SentStudy:
    """One study of any kind, as files."""

    study_instance_uid: str
    files: tuple[Path, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10, help="studies")
    parser.add_argument("--nailfold", action="store_true", help="visits of sixteen nailfold pictures")
    parser.add_argument("--phone", action="store_true", help="nailfold pictures of twelve megapixels")
    parser.add_argument("--rested", action="store_true", help="the first study goes when the node has come to rest")
    parser.add_argument(
        "--systems", choices=("needed", "all"), default="needed", help="those that the node scores with"
    )
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        write = write_phone_pictures if arguments.phone else write_visit if arguments.nailfold else write_pair
        studies = [write(folder / "studies" / str(seed), seed) for seed in range(9000, 9000 + arguments.n)]
        started = time.monotonic()
        needed = [] if arguments.systems == "all" else ["hand_joints" if write is write_pair else "nailfold"]
        with running_site(folder, needed) as site:
            if arguments.rested:
                wait_until_at_rest(os.getpid())
                print(f"from a cold start to rest: {time.monotonic() - started:.1f} s")
            first = send_and_wait(site, studies[0])
            print(f"from a cold start to the first report in the PACS: {time.monotonic() - started:.1f} s")
            rows = [send_and_wait(site, study) for study in studies[1:]]
            memory = peaks_below(os.getpid())
    print_table("first study", [first])
    if rows:
        print_table(f"median of {len(rows)} further studies", rows)
    print("\npeak resident memory, MiB")
    for words, peak in memory:
        print(f"  {words:60} {peak:6}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")


def write_pair(folder: Path, seed: int) -> SentStudy:
    """Both hands of a phantom, a film each."""
    pair = write_hand_pair(folder, seed)
    return SentStudy(pair.study_instance_uid, pair.files)


def write_visit(folder: Path, seed: int) -> SentStudy:
    """Sixteen JPEG files of a phantom's nailfolds, wrapped."""
    *photographs, _, table, _ = write_nailfold_phantoms(folder, 1, seed)
    return _wrapped(folder, seed, photographs, table)


def write_phone_pictures(folder: Path, seed: int) -> SentStudy:
    """The same with files of twelve megapixels."""
    return _wrapped(folder, seed, *write_phone_visit(folder, seed))


def _wrapped(folder: Path, seed: int, photographs: Sequence[Path], table: Path) -> SentStudy:
    fingers = read_fingers(table)
    files = tuple(wrap_photos(photographs, "nailfold", f"PHANTOM-{seed}", folder / "dicom", fingers=fingers))
    return SentStudy(str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID), files)


def send_and_wait(site: DemoSite, study: SentStudy) -> dict[str, float]:
    """Send one study and wait until its objects are stored; seconds of each stage."""
    refused = [answer for answer in send_files(site.node, study.files, SENDER_TITLE) if not answer.stored]
    assert not refused, refused
    sent = time.time()
    ledger = Ledger(site.ledger_url)
    status: dict[str, Any] = {}
    until = time.monotonic() + 120
    while status.get("state") != "delivered":
        assert time.monotonic() < until, json.dumps(status)
        time.sleep(0.02)
        with ledger.read() as session:
            status = study_status(session, study.study_instance_uid) or {}
    ledger.close()
    at = {event["event"]: datetime.fromisoformat(event["at"]).timestamp() for event in reversed(status["timeline"])}
    at["sent"] = sent
    return {name: at[end] - at[begin] for name, begin, end in STAGES}


def print_table(title: str, rows: Sequence[dict[str, float]]) -> None:
    """Medians in seconds."""
    print(f"\n{title}")
    for name, _, _ in STAGES:
        print(f"  {name:34} {median(row[name] for row in rows):6.2f} s")


if __name__ == "__main__":
    main()
