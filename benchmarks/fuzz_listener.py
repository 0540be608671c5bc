"""Send damaged conversations and data sets to a real listener for a while, and count its answers.

    python -m benchmarks.fuzz_listener [--minutes 10] [--seed 1] [--senders 4]

Each round is one of: a conversation damaged anywhere (association request, PDUs, commands, data set), cut into writes
of any size; or a valid association on which damaged data sets are stored, in all three uncompressed transfer syntaxes.
After every batch an honest sender must be served; at the end everything that was answered 0x0000 must lie in the store,
be read by pydicom to its last byte, and have brought its study to rest. The same seed makes the same bytes;
the senders are threads, so not in the same order.
Exit code 1 when anything is not as promised.
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole
from tests.dicom_node.receiving.raw_sender import (
    ABORT,
    AC,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    RJ,
    RawSender,
    associate_request,
    pdu,
    pdv,
    store_command,
)
from tests.hazards.attacked_node import SUCCESS, AttackedNode, named
from tests.hazards.mutations import mutated

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
ANSWERS = {AC: "accepted", RJ: "rejected", P_DATA: "answered", RELEASE_RP: "released", ABORT: "A-ABORT", 0: "closed"}
PATIENCE = 60.0
"""Seconds without an answer that count as none."""


class Fuzzer:
    """Several senders at one node, and their tally."""

    def __init__(self, node: AttackedNode, seed: int) -> None:
        self.node, self.seed = node, seed
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        self.syntax_of: dict[str, str] = {}
        self.inputs = 0
        self._lock = threading.Lock()

    def run(self, number: int, until: float) -> None:
        """One sender, with dice of its own."""
        dice = random.Random(self.seed * 1000 + number)
        while time.monotonic() < until and not self.faults:
            try:
                if dice.random() < 0.5:
                    self.converse(dice)
                else:
                    self.store(dice)
            except TimeoutError:
                self.faults.append(f"no answer within {PATIENCE:g} s")

    def converse(self, dice: random.Random) -> None:
        """A whole conversation, damaged; the sender then says that it is done and reads what comes."""
        instance = radiograph(**uids(dice))
        whole = (
            associate_request()
            + pdu(P_DATA, pdv(store_command(CR, instance.SOPInstanceUID), 1, 3))
            + pdu(P_DATA, pdv(encoded(instance), 1, 2))
            + pdu(RELEASE_RQ, bytes(4))
        )
        damaged = mutated(whole, dice)
        with self._lock:
            self.node.unanswered.add(str(instance.SOPInstanceUID))
        last = 0
        with RawSender(self.node.port, seconds=PATIENCE) as sender:
            try:
                at = 0
                while at < len(damaged):
                    step = dice.choice((1, 7, 100, len(damaged)))
                    sender.socket.sendall(damaged[at : at + step])
                    at += step
                sender.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the node has ended it
            while (answer := sender.receive()).kind:
                last = answer.kind
        self._count(f"conversation: {ANSWERS.get(last, 'unknown PDU')}")

    def store(self, dice: random.Random) -> None:
        """Damaged data sets on a valid association."""
        syntax = dice.choice(SYNTAXES)
        with RawSender(self.node.port, seconds=PATIENCE) as sender:
            if sender.associate((CR, (syntax,))).kind != AC:
                self.faults.append("an honest association was refused")
                return
            for _ in range(dice.randint(1, 30)):
                instance = radiograph(**uids(dice))
                instance.ReferencedStudySequence = [radiograph(SpecificCharacterSet="ISO_IR 100", **uids(dice))]
                data_set = mutated(encoded(instance, syntax), dice)
                uid = str(instance.SOPInstanceUID) if dice.random() < 0.9 else "1.2.3"
                answer = sender.store(CR, uid, data_set, piece=dice.choice((50, 1000, 16_000)))
                self._judge(uid, data_set, syntax, answer.kind, answer.status if answer.kind == P_DATA else -1)
            sender.release()

    def _judge(self, uid: str, data_set: bytes, syntax: str, kind: int, status: int) -> None:
        self._count(f"store: 0x{status:04X}" if kind == P_DATA else f"store: {ANSWERS[kind]}")
        if kind != P_DATA:
            self.faults.append("a store without a status")
        elif status == SUCCESS:
            with self._lock:
                self.node.acknowledged.add(named(uid, data_set))
                self.syntax_of[named(uid, data_set)[1]] = syntax

    def _count(self, what: str) -> None:
        with self._lock:
            self.inputs += 1
            self.answers[what] += 1


def uids(dice: random.Random) -> dict[str, str]:
    """Names of a new image, out of the dice: the same seed makes the same bytes."""
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return {keyword: f"2.25.{dice.getrandbits(120)}" for keyword in keywords}


def judge_at_the_end(fuzzer: Fuzzer) -> None:
    """What was acknowledged is kept, readable and at rest."""
    node = fuzzer.node
    try:
        node.assert_unharmed()
    except AssertionError as error:
        fuzzer.faults.append(str(error).splitlines()[0])
    for sha256, syntax in fuzzer.syntax_of.items():
        if not pydicom_reads_whole(node.data_set(sha256), syntax):
            fuzzer.faults.append(f"acknowledged, and pydicom cannot read it: {syntax} {node.data_set(sha256).hex()}")
    end = time.monotonic() + PATIENCE
    while (states := set(node.study_states.values())) & {"receiving", "complete"} and time.monotonic() < end:
        time.sleep(0.5)
    if states & {"receiving", "complete", "failed"}:
        fuzzer.faults.append(f"studies are not at rest: {sorted(states)}")


def main() -> int:
    """Attack, judge, print the tally."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--senders", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = AttackedNode(Path(folder))
        try:
            node.start()
            node.forget_peak()
            fuzzer = Fuzzer(node, arguments.seed)
            served = attack(fuzzer, arguments.senders, 60 * arguments.minutes)
            judge_at_the_end(fuzzer)
            report(fuzzer, served)
            code = node.stop()
        finally:
            node.kill()
    return 1 if fuzzer.faults or code else 0


def attack(fuzzer: Fuzzer, senders: int, seconds: float) -> int:
    """Fuzz for so long; how often an honest sender was served meanwhile."""
    until, served = time.monotonic() + seconds, 0
    threads = [threading.Thread(target=fuzzer.run, args=(number, until)) for number in range(senders)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        try:
            served += fuzzer.node.serves()
        except (AssertionError, OSError) as error:
            fuzzer.faults.append(f"an honest sender was not served: {error!r}")
        time.sleep(1)
    return served


def report(fuzzer: Fuzzer, served: int) -> None:
    """Print the tally."""
    node = fuzzer.node
    print(f"{fuzzer.inputs} inputs of seed {fuzzer.seed}; an honest sender was served {served} times meanwhile")
    for what, number in sorted(fuzzer.answers.items()):
        print(f"  {number:7} x {what}")
    print(f"{len(fuzzer.syntax_of)} damaged data sets acknowledged, each kept and read by pydicom to its last byte")
    print(
        f"peak memory {node.peak_memory / 1e6:.1f} MB above rest; faults of the node in its log: {faults_logged(node)}"
    )
    for fault in sorted(set(fuzzer.faults)):
        print(f"NOT AS PROMISED: {fault}")


def faults_logged(node: AttackedNode) -> int:
    """How often the node met what it did not foresee."""
    return len(node.events("association_fault")) + len(node.events("study_failed"))


if __name__ == "__main__":
    sys.exit(main())
