"""A trial site with its upload page, for tests: hands in pictures, sends visits, and looks what arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import select

from core_lab.upload.outgoing_visits import CALLED
from dicom_node.ledger.tables import InstanceRow
from dicom_node.settings import ScoringSection
from dicom_node.upload_settings import UploadSection
from tests.core_lab.web.node_for_tests import NodeForTests
from tests.core_lab.web.page_for_tests import Answer, PageProcess
from tests.foreign_programs.programs import free_port

PICTURES = "/api/upload/pictures"
MOST = 7


@dataclass
class Site:
    """A trial site at its page: hands in pictures and sends visits."""

    node: NodeForTests
    page: PageProcess
    let_in: Answer

    @property
    def tray(self) -> list[Path]:
        """What lies there and is not sent."""
        return sorted((self.node.settings.node.data_dir / "uploads").iterdir())

    def ask(self, path: str, method: str = "POST", body: bytes | None = b"", **headers: str) -> Answer:
        return self.page.ask(path, method=method, body=body, **{"Origin": self.page.address, **headers})

    def hand_in(self, photo: Path, about: str = "") -> Answer:
        modified = photo.stat().st_mtime
        return self.ask(f"{PICTURES}?name={photo.name}&modified={modified}{about}", body=photo.read_bytes())

    def taken(self, photo: Path) -> str:
        """Its id."""
        answer = self.hand_in(photo)
        assert answer.status == 200, answer.text
        return str(json.loads(answer.body)["id"])

    def send(self, *pictures: tuple[str, str], **said: Any) -> dict[str, Any]:
        """``pictures``: id and finger, such as ``R RING``."""
        named = [dict(zip(("id", "side", "finger"), (i, *(f.split() or ("", ""))), strict=True)) for i, f in pictures]
        form = {"patient_id": "P-7", "pictures": named, **said}
        answer: dict[str, Any] = json.loads(self.ask("/api/upload/visit", body=json.dumps(form).encode()).body)
        return answer

    def received(self, study_uid: str) -> list[Dataset]:
        """The instances of a study in the node's ledger, in their order."""
        with self.node.ledger.read() as session:
            rows = list(session.scalars(select(InstanceRow).where(InstanceRow.study_instance_uid == study_uid)))
        assert {row.calling_ae_title for row in rows} <= {CALLED}
        read = [dcmread(self.node.store.instance_path(row.content_sha256)) for row in rows]
        return sorted(read, key=lambda dataset: int(dataset.InstanceNumber))

    def empty(self) -> None:
        """Remove what other tests left; a browser may just be removing it too."""
        for picture in json.loads(self.page.ask(PICTURES).body):
            assert self.ask(f"{PICTURES}/{picture['id']}", "DELETE").status in (204, 404)


def upload_node(folder: Path, *systems: str) -> NodeForTests:
    """A node that takes pictures; ``systems``: all when none is named."""
    node = NodeForTests(folder / "data", free_port())
    upload, scoring = UploadSection(on=True, pictures=MOST), ScoringSection(systems=systems)
    node.settings = replace(node.settings, upload=upload, scoring=scoring)
    return node


@contextmanager
def open_site(node: NodeForTests) -> Iterator[Site]:
    """Its page, signed in with the token of the upload page."""
    with PageProcess(node.settings) as page:
        yield Site(node, page, page.sign_in_to_upload())
