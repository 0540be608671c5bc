"""Instances that have their file and no row: a process died, or the ledger was away, between the name and the row.

Their sender had no success and has some minutes to send them again. What nobody sent again is adopted, not removed: it
is whole, since a name is given last, and in a ledger that was restored from an older backup it may well be something
that was acknowledged. Whoever else writes the same row meanwhile finds it there, or is found: the bytes are the same.
"""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog
from pydicom.filereader import read_file_meta_info
from sqlalchemy import select

from dicom_node.background_loop import BackgroundLoop
from dicom_node.content_store import FOLDERS, ContentStore
from dicom_node.errors import InstanceRefusedError
from dicom_node.ledger.instances import ReceivedInstance, add_instance
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow
from dicom_node.ledger.timeline import record
from dicom_node.receiving.own_objects import says_it_is_ours
from dicom_node.receiving.part10_head import read_part10_head
from dicom_node.receiving.store_status import CANNOT_UNDERSTAND
from dicom_node.receiving.strict_dataset_pass import StrictDatasetPass

_ACTOR: Final = "inbox"
_PIECE: Final = 1 << 20
_SENT_AGAIN_WITHIN_SECONDS: Final = 600.0
_ROUND_SECONDS: Final = 3600.0


class StrayInstances(BackgroundLoop):
    """Looks through the whole store at start, then through one of its folders after the other, a round an hour.

    In a thread of its own between ``with`` and its end: nobody waits for it. Study assembly finds what it adopts.
    """

    def __init__(self, store: ContentStore, ledger: Ledger) -> None:
        super().__init__("stray instances")
        self._store, self._ledger = store, ledger
        self._log = structlog.get_logger("inbox")

    def look_into(self, folder: str) -> None:
        """Adopt the strays of one folder. Raises LedgerBusyError, OSError."""
        old = time.time() - _SENT_AGAIN_WITHIN_SECONDS
        strays = sorted(self._store.old_instances_in(folder, before=old) - self._known(folder))
        if strays:
            self._store.sync_instances_in(folder)
        for digest in strays:
            self._adopt(digest)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            for folder in FOLDERS:
                if self._stopping.wait(pause):
                    return
                try:
                    self.look_into(folder)
                except Exception as error:  # the ledger is away, or the disk: looked at again in the next round
                    self._log.warning("strays_wait", folder=folder, error=type(error).__name__)
            pause = _ROUND_SECONDS / len(FOLDERS)

    def _known(self, folder: str) -> set[str]:
        digest = InstanceRow.content_sha256
        with self._ledger.read() as session:
            return set(session.scalars(select(digest).where(digest >= folder, digest < folder + "g")))

    def _adopt(self, digest: str) -> None:
        path = self._store.instance_path(digest)
        try:
            instance, ours = _read(path, digest)
        except FileNotFoundError:
            return  # removed in this moment
        except InstanceRefusedError as damaged:
            self._set_aside(digest, damaged.comment)
            return
        with self._ledger.write() as session:
            if add_instance(session, instance, says_it_is_ours=ours) == "same_bytes":
                return
            record(
                session, instance.study_instance_uid, _ACTOR, "instance_adopted",
                "An instance that lay in the store without a row in the ledger was taken up.",
                sop_instance_uid=instance.sop_instance_uid, content_sha256=digest,
            )  # fmt: skip
        self._log.warning("instance_adopted", sop_instance_uid=instance.sop_instance_uid, content_sha256=digest)

    def _set_aside(self, digest: str, fault: str) -> None:
        """It keeps its bytes for whoever wants to look, under a name that nobody takes for an instance."""
        path = self._store.instance_path(digest)
        path.rename(path.with_suffix(".damaged"))
        with self._ledger.write() as session:
            text = f"A file without a row in the ledger is damaged and was set aside: {fault}."
            record(session, None, _ACTOR, "instance_damaged", text, content_sha256=digest)
        self._log.error("instance_damaged", content_sha256=digest, fault=fault)


def _read(path: Path, digest: str) -> tuple[ReceivedInstance, bool]:
    """What the file holds, and whether it says that it is ours. Raises InstanceRefusedError when it is not whole."""
    hasher = sha256()
    with path.open("rb") as file:
        head = read_part10_head(file)
        file.seek(head.data_set_offset)
        walk = StrictDatasetPass(head.transfer_syntax_uid, max_bytes=path.stat().st_size)
        while piece := file.read(_PIECE):
            walk.feed(piece)
            hasher.update(piece)
    facts = walk.finish()
    if hasher.hexdigest() != digest:
        raise InstanceRefusedError(CANNOT_UNDERSTAND, "its bytes are not those that its name says")
    caller = str(read_file_meta_info(path).get("SourceApplicationEntityTitle", ""))
    instance = ReceivedInstance(
        sop_instance_uid=facts.sop_instance_uid,
        sop_class_uid=facts.sop_class_uid,
        study_instance_uid=facts.study_instance_uid,
        series_instance_uid=facts.series_instance_uid,
        transfer_syntax_uid=head.transfer_syntax_uid,
        content_sha256=digest,
        bytes=facts.bytes,
        calling_ae_title=caller,
        received_at=time.time(),
    )
    return instance, says_it_is_ours(facts.manufacturer, facts.image_type)
