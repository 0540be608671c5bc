"""Orthanc as a real PACS: started on free ports with a configuration and folders of its own, stopped by process id."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.foreign_programs.programs import (
    answers_on,
    ending_with_us,
    find_program,
    free_port,
    log_tail,
    stop,
    wait_until,
)


class Orthanc:
    """A running Orthanc. ``modalities``: name -> (AE title, host, port) of the nodes it may send to and query."""

    def __init__(
        self,
        folder: Path,
        ae_title: str = "ORTHANC",
        modalities: dict[str, tuple[str, str, int]] | None = None,
        **configuration: Any,
    ) -> None:
        self.folder, self.ae_title = folder, ae_title
        self.dicom_port, self.http_port = free_port(), free_port()
        self._configuration = {
            "Name": "rheumascore tests",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": ae_title,
            "DicomPort": self.dicom_port,
            "DicomAlwaysAllowFind": True,
            "DicomModalities": {name: list(entry) for name, entry in (modalities or {}).items()},
            "StableAge": 1,
            "LimitFindResults": 0,
            "OverwriteInstances": False,
            "SaveJobs": False,
            "Plugins": [],
            **configuration,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it (again, on the same ports and folders) and wait until it answers."""
        program = find_program("Orthanc", "orthanc")
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._configuration))
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen(ending_with_us(program, settings), stdout=log, stderr=log, cwd=self.folder)
        wait_until("Orthanc answers", self._answers)

    def stop(self) -> None:
        """End it; what it keeps stays in its folder. It takes its time: seconds."""
        if self.process:
            stop(self.process)

    def kill(self) -> None:
        """End it at once, when nobody asks it any more."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def restart(self, **configuration: Any) -> None:
        """End it and start it again on its ports, with what it keeps; these of its settings change."""
        self.stop()
        self._configuration |= configuration
        self.start()

    def add_modality(self, name: str, ae_title: str, port: int, host: str = "127.0.0.1") -> None:
        """Let it send to and query one more node."""
        self.put(f"/modalities/{name}", {"AET": ae_title, "Host": host, "Port": port, "AllowEcho": True})

    def upload(self, *files: Path) -> list[str]:
        """Put DICOM files into it; Orthanc's ids of the instances."""
        return [str(self.post("/instances", path.read_bytes())["ID"]) for path in files]

    def send(self, modality: str, *resources: str) -> dict[str, Any]:
        """C-STORE studies, series or instances (Orthanc's ids) to a modality; raises when a store fails."""
        answer: dict[str, Any] = self.post(f"/modalities/{modality}/store", {"Resources": list(resources)})
        return answer

    def echo(self, modality: str) -> bool:
        """C-ECHO."""
        try:
            self.post(f"/modalities/{modality}/echo", {})
        except urllib.error.HTTPError:
            return False
        return True

    def instances(self, **tags: str) -> list[dict[str, Any]]:
        """The instances that it keeps, with their main tags; narrowed by DICOM keywords."""
        return self.find("Instance", **tags)

    def studies(self, **tags: str) -> list[dict[str, Any]]:
        """The studies that it keeps, narrowed by DICOM keywords."""
        return self.find("Study", **tags)

    def find(self, level: str, **tags: str) -> list[dict[str, Any]]:
        """Its own search at Patient, Study, Series or Instance level."""
        found: list[dict[str, Any]] = self.post("/tools/find", {"Level": level, "Query": tags, "Expand": True})
        return found

    def file(self, instance: str) -> bytes:
        """The DICOM file of one instance (Orthanc's id)."""
        return self._ask("GET", f"/instances/{instance}/file", None)

    def tags(self, instance: str) -> dict[str, Any]:
        """The header of one instance (Orthanc's id), by keyword."""
        answer: dict[str, Any] = self.get(f"/instances/{instance}/simplified-tags")
        return answer

    def wait_for_instances(self, count: int, seconds: float = 30.0, **tags: str) -> list[dict[str, Any]]:
        """Wait until it keeps at least so many instances."""
        return wait_until(
            f"{count} instances in Orthanc",
            lambda: found if len(found := self.instances(**tags)) >= count else [],
            seconds,
        )

    def get(self, path: str) -> Any:
        """GET of its REST interface."""
        return json.loads(self._ask("GET", path, None))

    def post(self, path: str, body: Any) -> Any:
        """POST: bytes as they are, everything else as JSON."""
        return _read_json(self._ask("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode()))

    def put(self, path: str, body: Any) -> Any:
        """PUT of JSON."""
        return _read_json(self._ask("PUT", path, json.dumps(body).encode()))

    def delete(self, path: str) -> None:
        """DELETE of a resource."""
        self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def _answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            pytest.fail(f"Orthanc ended at start:\n{log_tail(self.folder / 'orthanc.log')}")
        return answers_on(self.http_port) and answers_on(self.dicom_port)


def _read_json(answer: bytes) -> Any:
    return json.loads(answer) if answer.strip() else {}


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """An empty Orthanc for one test; ``add_modality`` tells it of the node."""
    with Orthanc(tmp_path / "orthanc") as running:
        yield running
