"""A whole small hospital on this machine: a PACS, the node with its workers and page, all on 127.0.0.1."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dicom_node.delivery.store_scu import echo
from dicom_node.demo_pacs import DemoPacs, find_orthanc, running_pacs
from dicom_node.ends_with_us import ends_with_us
from dicom_node.errors import DestinationAwayError
from dicom_node.peers import Peer

NODE_TITLE: Final = "RHEUMASCORE"
SENDER_TITLE: Final = "DEMO"
_NOT_CALLED_BACK: Final = 1
"""The port of a caller that has none."""
_PATIENCE_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 35.0


@dataclass(frozen=True)
class DemoSite:
    """What runs, and where."""

    folder: Path
    pacs: DemoPacs
    node: Peer
    page: str
    """The page's address with its one-time token."""

    @property
    def archive(self) -> Peer:
        """The PACS as a peer to send to."""
        return Peer("pacs", self.pacs.ae_title, "127.0.0.1", self.pacs.port)

    @property
    def data_dir(self) -> Path:
        """Where the node keeps everything."""
        return self.folder / "data"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy's URL of the node's ledger."""
        return f"sqlite:///{self.data_dir / 'ledger.sqlite3'}"


@contextmanager
def running_site(folder: Path, systems: Sequence[str] = ()) -> Iterator[DemoSite]:
    """Start everything in ``folder`` and wait until PACS and node answer C-ECHO; stop it when the block ends.

    ``systems``: those that score; all that have weights when none is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pacs_port, http_port, node_port, web_port = free_ports(4)
    callers = {NODE_TITLE: node_port, SENDER_TITLE: _NOT_CALLED_BACK}
    with running_pacs(folder / "pacs", pacs_port, http_port, callers, find_orthanc()) as pacs:
        config = _write_settings(folder, pacs, node_port, web_port, systems)
        with _running_node(config, folder / "node.log") as page:
            site = DemoSite(folder, pacs, Peer("node", NODE_TITLE, "127.0.0.1", node_port), page)
            for peer in (site.archive, site.node):
                _wait_for_echo(peer)
            yield site


def free_ports(number: int) -> list[int]:
    """Ports that nobody uses, all found before one is given back."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _write_settings(folder: Path, pacs: DemoPacs, node_port: int, web_port: int, systems: Sequence[str]) -> Path:
    path = folder / "node.toml"
    path.write_text(
        f"""[node]
ae_title = "{NODE_TITLE}"
port = {node_port}
data_dir = "data"
quiet_seconds = 1.0
[web]
port = {web_port}
[[peers]]
name = "pacs"
ae_title = "{pacs.ae_title}"
host = "127.0.0.1"
port = {pacs.port}
receives_results = true
[[peers]]
name = "modality"
ae_title = "{SENDER_TITLE}"
host = "127.0.0.1"
port = 104
may_send = true
[scoring]
accept_demonstration_weights = true
systems = {json.dumps(list(systems))}
""",
        encoding="utf-8",
    )
    return path


@contextmanager
def _running_node(config: Path, log_path: Path) -> Iterator[str]:
    """``rheumascore run`` as a process of its own; yields the page's address with its token."""
    with log_path.open("wb") as log:
        command = [sys.executable, "-m", "scoring.cli", "run", "--config", str(config)]
        process = subprocess.Popen(ends_with_us(command), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield _wait_for_page(process, log_path)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_page(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        said = log.read_text(encoding="utf-8", errors="replace")
        for word in said.split():
            if word.startswith("http://") and "token=" in word:
                return word
        time.sleep(0.1)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
    raise DestinationAwayError(f"The node did not start; its last words, from {log}:\n{last}")


def _wait_for_echo(peer: Peer) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (answer := echo(peer, SENDER_TITLE)).alive:
        if time.monotonic() > until:
            raise DestinationAwayError(f"{peer.name} on port {peer.port} does not answer: {answer.text}")
        time.sleep(0.1)
