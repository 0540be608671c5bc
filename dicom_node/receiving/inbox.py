"""Stop 2: bytes become a ReceivedInstance. File, folder and ledger row are on disk; only then may Success be said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pydicom import dcmread
from sqlalchemy.exc import SQLAlchemyError

from dicom_node.content_store import ContentStore
from dicom_node.crash_points import crash_at
from dicom_node.errors import InstanceRefusedError, TransientError
from dicom_node.ledger.group_commit import GroupCommit
from dicom_node.ledger.instances import Arrival, ReceivedInstance, add_instance
from dicom_node.ledger.ledger import Ledger
from dicom_node.receiving.own_objects import says_it_is_ours
from dicom_node.receiving.part10_head import part10_head, read_part10_head
from dicom_node.receiving.presentation_contexts import TRANSFER_SYNTAXES
from dicom_node.receiving.room import BytesInFlight, WaitingJobs
from dicom_node.receiving.store_status import (
    CANNOT_UNDERSTAND,
    DATA_SET_DOES_NOT_MATCH,
    INVALID_SOP_INSTANCE,
    OUT_OF_RESOURCES,
    SOP_CLASS_NOT_SUPPORTED,
)
from dicom_node.receiving.strict_dataset_pass import (
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    DatasetFacts,
    StrictDatasetPass,
    is_well_formed_uid,
)
from dicom_node.settings import LimitsSection

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class AnnouncedInstance:
    """What the sender says is coming: the C-STORE command and the context it came on."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae_title: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One instance is safe, and whether it was news."""

    instance: ReceivedInstance
    arrival: Arrival


class Inbox:
    """Takes instances for one node, from associations and from files. Safe from several threads."""

    def __init__(
        self,
        store: ContentStore,
        ledger: Ledger,
        limits: LimitsSection,
        *,
        on_arrival: Callable[[], None] = lambda: None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """``on_arrival`` is called after each instance that is news: study assembly looks then."""
        self.store, self.ledger, self.limits = store, ledger, limits
        self.commits = GroupCommit(ledger)
        self.in_flight = BytesInFlight(limits.bytes_in_flight)
        self._waiting_jobs = WaitingJobs(ledger, limits.waiting_jobs)
        self.on_arrival, self.wall_clock = on_arrival, wall_clock

    def begin(self, announced: AnnouncedInstance) -> IncomingInstance:
        """Room for one instance. Raises InstanceRefusedError when its name is wrong or a mark is passed."""
        if not is_well_formed_uid(announced.sop_instance_uid):
            raise InstanceRefusedError(INVALID_SOP_INSTANCE, "SOP Instance UID is not 1 to 64 digits and dots")
        if not is_well_formed_uid(announced.sop_class_uid):
            raise InstanceRefusedError(SOP_CLASS_NOT_SUPPORTED, "SOP Class UID is not 1 to 64 digits and dots")
        if self.store.free_bytes < self.limits.free_disk_bytes:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "no room on disk")
        if self._waiting_jobs.past_mark:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "too many jobs wait")
        try:
            return IncomingInstance(self, announced)
        except TransientError:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "no room on disk") from None

    def receive_file(self, path: Path, calling_ae_title: str) -> Receipt:
        """Take a Part 10 file as if it had been sent: same checks, same bytes kept.

        Raises InstanceRefusedError when it is not DICOM or would be refused by C-STORE.
        """
        with path.open("rb") as file:
            head = read_part10_head(file)
            if head.transfer_syntax_uid not in TRANSFER_SYNTAXES:
                raise InstanceRefusedError(CANNOT_UNDERSTAND, "a transfer syntax that cannot be decoded here")
            incoming = self.begin(_announced_by_file(path, head.transfer_syntax_uid, calling_ae_title))
            try:
                file.seek(head.data_set_offset)
                while piece := file.read(_PIECE):
                    incoming.write(piece)
                return incoming.finish()
            finally:
                incoming.abort()


class IncomingInstance:
    """One instance on its way in: ``write`` its bytes, then ``finish``; ``abort`` leaves nothing behind."""

    def __init__(self, inbox: Inbox, announced: AnnouncedInstance) -> None:
        self._inbox, self._announced = inbox, announced
        self._pass = StrictDatasetPass(announced.transfer_syntax_uid, inbox.limits.instance_bytes)
        self._in_flight = 0
        self._writer = inbox.store.open_instance(
            part10_head(
                announced.sop_class_uid,
                announced.sop_instance_uid,
                announced.transfer_syntax_uid,
                announced.calling_ae_title,
            )
        )

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes of the data set. Raises InstanceRefusedError at the first fault."""
        self._pass.feed(data)
        if not self._inbox.in_flight.take(len(data)):
            raise InstanceRefusedError(OUT_OF_RESOURCES, "too many bytes in flight")
        self._in_flight += len(data)
        try:
            self._writer.write(data)
            crash_at("data_set_half_received")
        except TransientError:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "no room on disk") from None

    def finish(self) -> Receipt:
        """Check the whole, bring it to disk, write the ledger. Raises InstanceRefusedError; then nothing is kept."""
        try:
            return self._finish()
        finally:
            self._land()

    def abort(self) -> None:
        """Forget it. Harmless after ``finish``."""
        self._writer.abort()
        self._land()

    def _finish(self) -> Receipt:
        facts = self._pass.finish()
        self._check_names(facts)
        try:
            sha256 = self._writer.finish()
            crash_at("instance_named_without_row")
            instance = self._instance(facts, sha256)
            ours = says_it_is_ours(facts.manufacturer, facts.image_type)
            arrival = self._inbox.commits.write(partial(add_instance, instance=instance, says_it_is_ours=ours))
        except TransientError:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "disk or ledger cannot be written") from None
        except SQLAlchemyError:
            raise InstanceRefusedError(OUT_OF_RESOURCES, "ledger cannot be written") from None
        crash_at("instance_kept_not_answered")
        if arrival != "same_bytes":
            self._inbox.on_arrival()
        return Receipt(instance, arrival)

    def _land(self) -> None:
        self._inbox.in_flight.give_back(self._in_flight)
        self._in_flight = 0

    def _check_names(self, facts: DatasetFacts) -> None:
        announced = self._announced
        if facts.sop_class_uid != announced.sop_class_uid:
            raise InstanceRefusedError(DATA_SET_DOES_NOT_MATCH, "SOP Class UID is not the command's", SOP_CLASS_UID)
        if facts.sop_instance_uid != announced.sop_instance_uid:
            raise InstanceRefusedError(
                DATA_SET_DOES_NOT_MATCH, "SOP Instance UID is not the command's", SOP_INSTANCE_UID
            )

    def _instance(self, facts: DatasetFacts, sha256: str) -> ReceivedInstance:
        return ReceivedInstance(
            sop_instance_uid=facts.sop_instance_uid,
            sop_class_uid=facts.sop_class_uid,
            study_instance_uid=facts.study_instance_uid,
            series_instance_uid=facts.series_instance_uid,
            transfer_syntax_uid=self._announced.transfer_syntax_uid,
            content_sha256=sha256,
            bytes=facts.bytes,
            calling_ae_title=self._announced.calling_ae_title,
            received_at=self._inbox.wall_clock(),
        )


def _announced_by_file(path: Path, transfer_syntax: str, calling_ae_title: str) -> AnnouncedInstance:
    """What a file would be announced as: a data set's own UIDs, for meta headers are often wrong."""
    try:
        header = dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        uids = str(header.get("SOPClassUID", "")), str(header.get("SOPInstanceUID", ""))
    except Exception:  # whatever a broken file makes pydicom raise, it is not a DICOM file that we can keep
        raise InstanceRefusedError(CANNOT_UNDERSTAND, "the file cannot be read as DICOM") from None
    return AnnouncedInstance(*uids, transfer_syntax, calling_ae_title)
