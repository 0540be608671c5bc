"""A listener process under attack, and what must be true of it after every attack."""

from __future__ import annotations

import hashlib
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import psutil

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, P_DATA, RELEASE_RP, Answer, RawSender
from tests.foreign_programs.programs import wait_until

SUCCESS: Final = 0x0000
_MEGABYTE: Final = 1 << 20
_MAY_STAY: Final = 40 * _MEGABYTE
"""What the allocator of a process with threads keeps, whoever asked for it."""
_LEDGER_DESCRIPTORS: Final = 15
"""The ledger keeps up to five connections of three files open for whoever comes next."""
_BACK_WITHIN_SECONDS: Final = 30.0
_PEAK: Final = 150 * _MEGABYTE
_FAULTS: Final = ("association_fault", "Traceback")


class AttackedNode(ListenerProcess):
    """Knows what it acknowledged and how large it was at rest."""

    def __init__(self, folder: Path, *, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        """``tls``: with what its honest senders connect."""
        super().__init__(folder, **options)
        self.tls = tls
        self.acknowledged: set[tuple[str, str]] = set()
        """SOP Instance UID and SHA-256 of the data set, of everything that was answered 0x0000."""
        self.unanswered: set[str] = set()
        """SOP Instance UIDs that were sent, and nobody waited for the answer: they may be there."""
        self._rest_memory = self._rest_threads = self._rest_descriptors = 0
        self._checked: set[str] = set()

    def start(self) -> psutil.Process:
        """Start it, let it store from several associations, and look at its size at rest."""
        self.measured = super().start()
        for _ in range(2):
            senders = [self.sender() for _ in range(6)]
            for sender in senders:
                assert sender.associate().kind == AC
            for sender in senders:
                assert sender.store_one() == SUCCESS
                sender.end()
        self._rest_threads = 0
        wait_until("it rests", self._is_steady)
        self._rest_memory = self.measured.memory_info().rss
        self._rest_descriptors = self.measured.num_fds()
        return self.measured

    def sender(self, calling: str = "SENDER") -> Sender:
        """A new connection. It may be closed by ``with`` or by ``end``."""
        return Sender(self, calling)

    def serves(self) -> bool:
        """An honest sender gets its association, echo and store."""
        with self.sender("HONEST") as honest:
            assert honest.associate().kind == AC
            assert honest.echo().status == SUCCESS
            assert honest.store_one() == SUCCESS
            return honest.release().kind == RELEASE_RP

    def assert_unharmed(self) -> None:
        """Alive, serving, as light as before; it holds what it acknowledged, whole, and nothing else."""
        assert self.process is not None and self.process.poll() is None, "it is dead"
        assert self.serves()
        wait_until("nothing half-written is left", lambda: not self.leftovers)
        self._assert_holds_what_it_acknowledged()
        self._assert_as_light_as_before()
        faults = [line for line in self.log.splitlines() if any(word in line for word in _FAULTS)]
        assert faults == []

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines with this event."""
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("event") == name]

    @property
    def peak_memory(self) -> int:
        """Bytes above its rest, at the worst since ``forget_peak``. Linux; else the present."""
        if sys.platform != "linux":
            return self.measured.memory_info().rss - self._rest_memory
        status = Path(f"/proc/{self.measured.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 - self._rest_memory

    def forget_peak(self) -> None:
        """The peak counts from now on."""
        if sys.platform == "linux":
            Path(f"/proc/{self.measured.pid}/clear_refs").write_text("5")

    def _is_steady(self) -> bool:
        before, self._rest_threads = self._rest_threads, self.measured.num_threads()
        return before == self._rest_threads and not self.leftovers

    def _assert_holds_what_it_acknowledged(self) -> None:
        rows = {(row.sop_instance_uid, row.content_sha256) for row in self.rows}
        assert self.acknowledged <= rows, "acknowledged and not in the ledger"
        others = {uid for uid, _ in rows - self.acknowledged}
        assert others <= self.unanswered, "in the ledger and never acknowledged"
        kept = self.kept_files
        assert {sha256 for _, sha256 in rows} <= set(kept)
        for sha256 in set(kept) - self._checked:
            assert hashlib.sha256(self.data_set(sha256)).hexdigest() == sha256
        self._checked |= set(kept)

    def _assert_as_light_as_before(self) -> None:
        peak = self.peak_memory
        assert peak < _PEAK, f"{peak >> 20} MB above its rest"

        end = time.monotonic() + _BACK_WITHIN_SECONDS
        while (heavier := self._heavier()) and time.monotonic() < end:
            time.sleep(0.05)
        assert not heavier, f"heavier than before: {heavier}"

    def _heavier(self) -> str:
        """What it holds more than at rest, in words; empty when it is back."""
        memory = self.measured.memory_info().rss - self._rest_memory
        threads = self.measured.num_threads() - self._rest_threads
        descriptors = self.measured.num_fds() - self._rest_descriptors
        back = memory < _MAY_STAY and threads <= 0 and descriptors <= _LEDGER_DESCRIPTORS
        return "" if back else f"{memory >> 20} MB, {threads} threads, {descriptors} descriptors"


class Sender(RawSender):
    """A connection whose acknowledged stores the node must account for."""

    def __init__(self, node: AttackedNode, calling: str = "SENDER", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(node.port, tls=tls or node.tls)
        self._node, self._calling = node, calling

    def __enter__(self) -> Self:
        return self

    def associate(self, *contexts: tuple[str, tuple[str, ...]], **titles: str) -> Answer:
        return super().associate(*contexts, **{"calling": self._calling, **titles})

    def store(self, sop_class: str, sop_instance: str, data_set: bytes, **how: int) -> Answer:
        """C-STORE; what is answered 0x0000 must be kept."""
        answer = super().store(sop_class, sop_instance, data_set, **how)
        if answer.kind == P_DATA and answer.status == SUCCESS:
            self.acknowledged(sop_instance, data_set)
        return answer

    def acknowledged(self, sop_instance: str, data_set: bytes) -> None:
        """It was answered 0x0000."""
        self._node.acknowledged.add(named(sop_instance, data_set))

    def store_one(self, **attributes: Any) -> int:
        """Store a small image of its own study; the status."""
        ds = radiograph(**attributes)
        return self.store(CR, ds.SOPInstanceUID, encoded(ds)).status

    def end(self) -> None:
        """Release and close."""
        assert self.release().kind == RELEASE_RP
        self.socket.close()


def named(sop_instance_uid: str, data_set: bytes) -> tuple[str, str]:
    """How the ledger knows an instance."""
    return sop_instance_uid, hashlib.sha256(data_set).hexdigest()
