"""Send every file below a folder to a node and account for each: nothing may be lost, doubled or left without a word.

    python benchmarks/every_file.py FOLDER [--keep DIR] [--kind hand]

Pictures (JPEG, PNG) are wrapped first, each as a study of its own; everything else is sent as it is, however broken.
Afterwards each acknowledged study must be at rest as a report, a "not evaluable" report or a recorded refusal with
reasons, each file that was not acknowledged must have a status or a reason, and the node must answer C-ECHO.
Starts a PACS and a node of its own (as ``rheumascore demo`` does). Exit code 1 when anything is unaccounted for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from dicom_node.delivery.send_files import FileAnswer, send_files
from dicom_node.delivery.store_scu import echo
from dicom_node.demo_site import SENDER_TITLE, DemoSite, running_site
from dicom_node.ledger.ledger import Ledger
from dicom_node.local_files import find_files, read_local_file
from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.study_status import study_statuses
from scoring.errors import RheumascoreError

PICTURES = {".jpg", ".jpeg", ".png"}
AT_REST = {"delivered", "not_evaluable", "no_system"}
NOT_SENT = {".md", ".csv", ".txt", ".xml"}


def main() -> int:
    """Send, wait, account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    parser.add_argument("--patience", type=float, default=1800.0, help="seconds to wait for the last study")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        files, unwrapped = collect(arguments.folder, folder / "wrapped")
        with running_site(folder / "site", ["hand_joints"]) as site:
            answers = list(track(send_files(site.node, files, SENDER_TITLE), total=len(files), description="sending"))
            statuses = wait_for_rest(site, arguments.patience)
            alive = echo(site.node, SENDER_TITLE).alive
            series = {s["study_instance_uid"]: site.pacs.find_series(s["study_instance_uid"]) for s in statuses}
        faults = account(answers, statuses, series)
        report(answers, statuses, unwrapped, alive)
    for fault in faults:
        print(f"UNACCOUNTED: {fault}")
    return 1 if faults or not alive else 0


def collect(folder: Path, wrapped: Path) -> tuple[list[Path], dict[str, int]]:
    """The files to send, and why pictures could not be wrapped."""
    files: list[Path] = []
    unwrapped: Counter[str] = Counter()
    for number, path in enumerate(find_files([folder])):
        if path.suffix.lower() in PICTURES:
            try:
                files += wrap_photos([path], _kind(path), f"P{number}", wrapped / str(number))
            except RheumascoreError as error:
                unwrapped[f"{error.code} {type(error).__name__}"] += 1
        elif path.suffix.lower() not in NOT_SENT and not path.name.startswith("LICENSE"):
            files.append(path)
    return files, unwrapped


def _kind(path: Path) -> str:
    photographs = ("dermoscopy", "foot-photos", "capillaries", "nailfold")
    return "skin" if any(word in str(path) for word in photographs) else "hand"


def wait_for_rest(site: DemoSite, patience: float) -> list[dict[str, Any]]:
    """Every study's status once none is on its way, or when patience ends."""
    ledger = Ledger(site.ledger_url)
    until = time.monotonic() + patience
    statuses: list[dict[str, Any]] = []
    while time.monotonic() < until:
        time.sleep(2)
        with ledger.read() as session:
            statuses = study_statuses(session)
        if all(s["state"] in {*AT_REST, "failed", "held"} for s in statuses):
            break
    ledger.close()
    return statuses


def account(
    answers: Sequence[FileAnswer], statuses: Sequence[dict[str, Any]], series: dict[str, list[tuple[str, str]]]
) -> list[str]:
    """What is not as promised."""
    return [*_unanswered(answers), *_unsettled(statuses, series), *_forgotten(answers, statuses)]


def _unanswered(answers: Sequence[FileAnswer]) -> Iterator[str]:
    for answer in answers:
        if not answer.stored and answer.status is None and not answer.text:
            yield f"{answer.path.name} was not stored and nobody said why"


def _unsettled(statuses: Sequence[dict[str, Any]], series: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    for status in statuses:
        uid, state = status["study_instance_uid"], status["state"]
        reports = sum(modality == "SR" for modality, _ in series[uid])
        if state not in AT_REST:
            yield f"study {uid} rests in {state}: {status['reasons']}"
        elif state == "no_system" and not status["reasons"]:
            yield f"study {uid} was refused without a reason"
        elif state != "no_system" and reports != len(status["results"]):
            yield f"study {uid} has {len(status['results'])} result(s) and {reports} report series in the PACS"


def _forgotten(answers: Sequence[FileAnswer], statuses: Sequence[dict[str, Any]]) -> Iterator[str]:
    known = {s["study_instance_uid"] for s in statuses}
    for answer in answers:
        reference = read_local_file(answer.path).reference if answer.stored else None
        if reference is not None and reference.study_instance_uid not in known:
            yield f"{answer.path.name} was acknowledged, but its study is not in the ledger"


def report(
    answers: Sequence[FileAnswer], statuses: Sequence[dict[str, Any]], unwrapped: dict[str, int], alive: bool
) -> None:
    """Print the tallies."""
    stored = sum(a.stored for a in answers)
    print(f"{stored} of {len(answers)} files acknowledged; not wrapped: {dict(unwrapped) or 'none'}")
    refusals = Counter(f"0x{a.status:04X}" if a.status is not None else a.text for a in answers if not a.stored)
    for said, number in refusals.most_common():
        print(f"  {number:5} x not stored: {said}")
    for state, number in Counter(s["state"] for s in statuses).most_common():
        print(f"  {number:5} studies {state}")
    reasons = Counter(r["text"] for s in statuses for r in s["reasons"])
    for text, number in reasons.most_common(25):
        print(f"  {number:5} x {text}")
    print(f"the node {'answers' if alive else 'does NOT answer'} C-ECHO")


if __name__ == "__main__":
    sys.exit(main())
