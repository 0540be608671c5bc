"""A study travels from a PACS to the node and back over TLS only, commitment included; each side checks the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foreign_programs.certificates import Authority, Pair
from tests.foreign_programs.dcmtk import echoscu, over_tls, storescu
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import log_tail, wait_until
from tests.journey.running_node import NODE_TITLE, RunningNode
from tests.journey.sent_study import write_study
from tests.journey.toy_house import READ_BY_THE_TOY, build_house, where_the_toy_scores


class NodeOverTls(RunningNode):
    """Node and Orthanc speak TLS with each other, and only the certificate of each proves who it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment = where_the_toy_scores(build_house(folder / "house"))
        self.authority = Authority(folder / "certificates", "site-authority")
        ours, self.of_the_pacs = self.authority.pair("node"), self.authority.pair("orthanc")
        ours.key.chmod(0o600)
        node: dict[str, Any] = {"AET": NODE_TITLE, "Host": "127.0.0.1", "Port": self.port, "UseDicomTls": True}
        self.orthanc = Orthanc(
            folder / "orthanc",
            DicomModalities={"node": node},
            DicomTlsEnabled=True,
            DicomTlsTrustedCertificates=str(self.authority.certificate),
            **_shown(self.of_the_pacs),
        )
        self.more_of_pacs = 'tls = true\ncertificate_names = ["orthanc"]'
        self.more_peers = f"""[tls]
certificate = "{ours.certificate}"
key = "{ours.key}"
trusted_cas = "{self.authority.certificate}"
"""

    def show_in_the_pacs(self, pair: Pair) -> None:
        """The PACS is started again with this certificate."""
        self.orthanc.restart(**_shown(pair))

    def delivery_faults(self, study_instance_uid: str) -> set[str]:
        """Why its deliveries wait: codes of errors."""
        return {
            job["error_code"] for job in self.status(study_instance_uid).get("jobs", ()) if job["kind"] == "deliver"
        }

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the listener's log with this event."""
        lines = (self.folder / "data" / "logs" / "listen.log").read_text().splitlines()
        found = (json.loads(line) for line in lines if line.startswith("{"))
        return [line for line in found if line.get("event") == name]


def _shown(pair: Pair) -> dict[str, str]:
    """Orthanc's settings for the certificate that it shows."""
    return {"DicomTlsCertificate": str(pair.certificate), "DicomTlsPrivateKey": str(pair.key)}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOverTls]:
    with NodeOverTls(tmp_path_factory.mktemp("tls")) as running:
        yield running


def test_a_study_comes_back_over_tls_and_is_committed(node: NodeOverTls, tmp_path: Path) -> None:
    # given
    study = write_study(tmp_path, 4200, body_part=READ_BY_THE_TOY)

    # when
    node.send_through_orthanc(*study.files)
    node.wait_for(study.uid)
    status = node.wait_for_commitment(study.uid)

    # then
    assert status["state"] == "delivered", status
    assert len(node.orthanc.find("Series", StudyInstanceUID=study.uid, Modality="SR")) == 1
    taken = node.events("association_accepted")
    assert {line["calling"] for line in taken} == {"ORTHANC"}
    assert all(line["tls"] in ("TLSv1.2", "TLSv1.3") for line in taken), "images and the report of commitment"
    assert echoscu(node.port).returncode != 0, "nobody is heard in plain DICOM"
    assert echoscu(node.orthanc.dicom_port, called="ORTHANC").returncode != 0, "there neither"


def test_results_wait_while_the_pacs_shows_a_certificate_that_has_ended(node: NodeOverTls, tmp_path: Path) -> None:
    # given
    study = write_study(tmp_path, 4201, body_part=READ_BY_THE_TOY)
    node.show_in_the_pacs(node.authority.pair("ended", days=0))

    # when
    of_a_modality = over_tls(node.of_the_pacs, node.authority.certificate)
    assert storescu(node.port, *study.files, options=of_a_modality).returncode == 0

    # then
    wait_until("it waits, with its reason", lambda: "RS-316" in node.delivery_faults(study.uid), 90)
    node.show_in_the_pacs(node.of_the_pacs)
    assert node.wait_for(study.uid)["state"] == "delivered", log_tail(node.log)
