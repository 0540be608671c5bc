"""A PACS for the demonstration: Orthanc where it is installed, else pynetdicom's storage and query application."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from dicom_node.delivery.association_to_peer import associate, end_association, presentation_context
from dicom_node.delivery.find_scu import STUDY_ROOT_FIND
from dicom_node.ends_with_us import ends_with_us
from dicom_node.peers import Peer

_PENDING: Final = (0xFF00, 0xFF01)
AE_TITLE: Final = "PACS"


@dataclass(frozen=True, slots=True)
class DemoPacs:
    """A running PACS: what it is and where it listens."""

    name: str
    port: int
    ae_title: str = AE_TITLE

    def find_series(self, study_instance_uid: str) -> list[tuple[str, str]]:
        """(Modality, Series Description) of every series of a study, by C-FIND.

        Raises DestinationAwayError, DestinationBusyError, DestinationRefusesError.
        """
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID = "SERIES", study_instance_uid
        query.SeriesInstanceUID = query.Modality = query.SeriesDescription = ""
        peer = Peer("the demonstration's PACS", self.ae_title, "127.0.0.1", self.port)
        association = associate(peer, "DEMO", [presentation_context(STUDY_ROOT_FIND, str(ImplicitVRLittleEndian))])
        try:
            answers = association.send_c_find(query, STUDY_ROOT_FIND)
            return [
                (str(found.get("Modality", "")), str(found.get("SeriesDescription", "")))
                for status, found in answers
                if status and status.Status in _PENDING and found is not None
            ]
        finally:
            end_association(association)


def find_orthanc() -> str | None:
    """Orthanc's program, which Debian keeps out of a user's path; None when it is not installed."""
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running_pacs(
    folder: Path, port: int, http_port: int, callers: Mapping[str, int], orthanc: str | None
) -> Iterator[DemoPacs]:
    """Start a PACS in ``folder`` on 127.0.0.1, qrscp when there is no Orthanc; stop it when the block ends.

    ``callers``: AE title -> port on which it can be called back, with the report of storage commitment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = _orthanc(orthanc, folder, port, http_port, callers) if orthanc else _qrscp(folder.resolve(), port)
    with (folder / "pacs.log").open("wb") as log:
        process = subprocess.Popen(
            ends_with_us(command), stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True
        )
        try:
            yield DemoPacs("Orthanc" if orthanc else "qrscp (pynetdicom)", port)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _orthanc(program: str, folder: Path, port: int, http_port: int, callers: Mapping[str, int]) -> list[str]:
    settings = {
        "Name": "rheumascore demonstration",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAet": AE_TITLE,
        "DicomPort": port,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowFind": True,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
        "DicomModalities": {name.lower(): [name, "127.0.0.1", back] for name, back in callers.items()},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return [program, str(path)]


def _qrscp(folder: Path, port: int) -> list[str]:
    """Its configuration file is the only way to set the AE title and the folders."""
    path = folder / "qrscp.ini"
    path.write_text(
        f"""[DEFAULT]
ae_title: {AE_TITLE}
port: {port}
max_pdu: 131072
acse_timeout: 30
dimse_timeout: 30
network_timeout: 30
bind_address: 127.0.0.1
instance_location: {folder / "instances"}
database_location: {folder / "instances.sqlite"}
""",
        encoding="utf-8",
    )
    return [sys.executable, "-m", "pynetdicom", "qrscp", "-c", str(path)]
