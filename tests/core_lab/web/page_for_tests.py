"""The page as a process of its own, and what a program says to it over HTTP."""

from __future__ import annotations

import http.client
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dicom_node.settings import NodeSettings
from tests.foreign_programs.programs import stop


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class PageProcess:
    """``rheumascore web`` on the settings' port, until the block ends."""

    def __init__(self, settings: NodeSettings) -> None:
        self.port = settings.web.port
        self.address = f"http://127.0.0.1:{self.port}"
        self._config = write_config(settings)
        self._uploads = settings.upload.on
        self.token, self.cookie, self.upload_line = "", "", ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "scoring.cli", "web", "--config", str(self._config)]
        with (self._config.parent / "web.err").open("wb") as said:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().decode()
        self.token = self.line.strip().rpartition("token=")[2]
        if self._uploads:
            self.upload_line = self.process.stdout.readline().decode()
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        return (self._config.parent / "web.err").read_text()

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request as it stands, with the session when there is one; ``sec_fetch_site`` names Sec-Fetch-Site."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent.setdefault("Cookie", self.cookie)
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        content = answer.read()
        connection.close()
        return Answer(answer.status, received, content)

    def sign_in(self) -> Answer:
        """Use the token; later requests carry the session."""
        return self._sign_in(f"/?token={self.token}")

    def sign_in_to_upload(self) -> Answer:
        """The same with the token of the upload page."""
        return self._sign_in(f"/upload?{self.upload_line.strip().partition('?')[2]}")

    def _sign_in(self, path: str) -> Answer:
        answer = self.ask(path)
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer


def write_config(settings: NodeSettings) -> Path:
    """A node.toml beside the data folder."""
    data_dir = settings.node.data_dir
    peers = "".join(
        f'[[peers]]\nname = "{p.name}"\nae_title = "{p.ae_title}"\nhost = "{p.host}"\nport = {p.port}\n'
        "may_send = true\nreceives_results = true\n"
        for p in settings.peers
    )
    path = data_dir.parent / f"{data_dir.name}.toml"
    upload = ""
    if settings.upload.on:
        upload = f"[upload]\non = true\npictures = {settings.upload.pictures}\n"
    scoring = f"[scoring]\nsystems = {list(settings.scoring.systems)}\n"
    path.write_text(f'[node]\ndata_dir = "{data_dir}"\n[web]\nport = {settings.web.port}\n{scoring}{upload}{peers}')
    return path
