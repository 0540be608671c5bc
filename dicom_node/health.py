"""``rheumascore doctor``: one line for each thing that must be well, and what to do where it is not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import typer

from dicom_node.certificate_ends import ending_certificates
from dicom_node.content_store import why_not_writable
from dicom_node.delivery.store_scu import echo
from dicom_node.disk_forecast import forecast_disk
from dicom_node.ledger.ledger import Ledger
from dicom_node.peers import Peer
from dicom_node.settings import NodeSettings, ScoringSection, TrialSection, read_settings
from dicom_node.systems_in_use import protocol_of, systems_in_use
from dicom_node.tls_settings import certificates_in_use, server_context
from scoring.errors import RheumascoreError
from scoring.weights import all_weights, checked_bytes

_CODECS: Final = ("imagecodecs", "pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "pyjpegls", "pillow")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_EARLIEST_CLOCK: Final = 1_767_225_600.0  # 2026-01-01: a clock before the software was written is wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: well, odd, or wrong with its remedy."""

    about: str
    verdict: Literal["well", "odd", "wrong"]
    text: str


def print_health(config: Path | None, *, as_json: bool) -> int:
    """Print every finding. 1 when something is wrong."""
    findings = list(examine(config))
    if as_json:
        typer.echo(json.dumps([asdict(f) for f in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.verdict:6} {finding.about:28} {finding.text}")
    return 1 if any(f.verdict == "wrong" for f in findings) else 0


def examine(config: Path | None) -> Iterator[Finding]:
    """Look at codecs, torch, weights and clock; then at what the settings name."""
    yield from _codecs()
    yield _torch()
    yield from _weights(_scoring_of(config))
    yield _clock()
    yield from examine_node(config)


def examine_node(config: Path | None) -> Iterator[Finding]:
    """Look at what the settings name: disk, ports, certificates and peers."""
    if config is None:
        yield Finding("settings", "odd", "no node.toml here: disk, ports and peers were not looked at")
        return
    try:
        settings = read_settings(config)
    except RheumascoreError as error:
        yield Finding("settings", "wrong", str(error))
        return
    yield from _disk(settings)
    yield from _ports(settings)
    yield from _certificates(settings)
    yield from _protocol(settings.trial)
    for peer in settings.peers:
        yield _peer(peer, settings)


def _protocol(trial: TrialSection) -> Iterator[Finding]:
    try:
        protocol = protocol_of(trial)
    except RheumascoreError as error:
        yield Finding("trial protocol", "wrong", str(error))
        return
    if protocol:
        systems = ", ".join(dict.fromkeys(demand.system for demand in protocol.demands)) or "no system"
        yield Finding("trial protocol", "well", f"{protocol.use.name!r} ({protocol.use.sha256[:12]}…) rules {systems}")


def _codecs() -> Iterator[Finding]:
    for name in _CODECS:
        try:
            yield Finding(f"codec {name}", "well", version(name))
        except PackageNotFoundError:
            yield Finding(f"codec {name}", "wrong", "not installed; images that need it cannot be decoded: reinstall")


def _torch() -> Finding:
    """Asked of a process of its own: the doctor itself stays light."""
    program = (
        "from scoring.networks.torch_start import mend_torchvision\n"
        "mended = mend_torchvision()\n"
        "import torch, timm, scoring.networks.monai_start\n"
        "print(torch.__version__, 'mended' if mended else 'as installed')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 0:
        build, _, torchvision = done.stdout.strip().partition(" ")
        return Finding("torch", "well", f"{build}; timm and monai load, torchvision {torchvision}")
    missing = "No module named" in done.stderr
    text = "not installed; scoring needs: pip install 'rheumascore[models]'" if missing else done.stderr.strip()[-200:]
    return Finding("torch", "wrong", text)


def _scoring_of(config: Path | None) -> ScoringSection:
    """What the settings say about scoring; nothing, where they cannot be read: that is said of them elsewhere."""
    try:
        return ScoringSection() if config is None else read_settings(config).scoring
    except RheumascoreError:
        return ScoringSection()


def _weights(scoring: ScoringSection) -> Iterator[Finding]:
    try:
        systems = systems_in_use(scoring)
    except RheumascoreError as error:
        yield Finding("scoring systems", "wrong", str(error))
        return
    for spec in systems:
        try:
            records = all_weights(spec.weights_files)
            total = sum(len(checked_bytes(record)) for record in records)
        except RheumascoreError as error:
            yield Finding(f"weights {spec.key}", "wrong", str(error))
            continue
        demonstration = sum(record.demonstration for record in records)
        text = f"{len(records)} file(s), {total / 1e6:.1f} MB, hashes as listed"
        if spec.key in scoring.weights:
            text += f"; its own are of {scoring.weights[spec.key]}"
        if demonstration:
            yield Finding(f"weights {spec.key}", "odd", f"{text}; {demonstration} for demonstration only")
        else:
            yield Finding(f"weights {spec.key}", "well", text)


def _clock() -> Finding:
    if time.time() < _EARLIEST_CLOCK:
        return Finding("clock", "wrong", "is before this software was written; set it, reports carry its date")
    return Finding("clock", "well", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def _disk(settings: NodeSettings) -> Iterator[Finding]:
    """Room and its end; and whether anything can be written at all: a disk may be read-only, or out of inodes."""
    folder = settings.node.data_dir
    if not (folder / "incoming").exists():
        yield Finding("disk", "odd", f"{folder} is not there yet: the node makes it at its first start")
        return
    ledger = Ledger(settings.database_url)
    try:
        with ledger.read() as session:
            forecast = forecast_disk(session, folder, settings.limits.free_disk_bytes, time.time())
        yield Finding("disk", "wrong" if forecast.is_full else "odd" if forecast.is_near else "well", forecast.words)
    except RheumascoreError as error:
        yield Finding("ledger", "wrong", str(error))
    finally:
        ledger.close()
    if fault := why_not_writable(folder):
        yield Finding("disk", "wrong", f"nothing can be written below {folder}: {fault}; instances are refused")


def _ports(settings: NodeSettings) -> Iterator[Finding]:
    wanted: list[tuple[str, str, int]] = [
        ("port of the node", settings.node.host, settings.node.port),
        ("port of the page", settings.web.host, settings.web.port),
    ]
    if plain := settings.tls.also_plain_port:
        wanted.append(("plain port of the node", settings.node.host, plain))
    for about, host, port in wanted:
        yield Finding(about, *_port_verdict(host, port))


def _certificates(settings: NodeSettings) -> Iterator[Finding]:
    """Our certificate, its chain and the authorities: do they load, and when do they end."""
    if not settings.tls.on:
        alone = settings.node.host in _LOOPBACK
        text = "off: plain DICOM" + ("" if alone else "; an AE title and an address do not prove who a peer is")
        yield Finding("TLS", "well" if alone else "odd", text)
        return
    try:
        server_context(settings.tls)
        in_use, ending = certificates_in_use(settings.tls), list(ending_certificates(settings.tls))
    except (RheumascoreError, OSError, ValueError) as error:
        yield Finding("TLS", "wrong", str(error))
        return
    for each in ending:
        yield Finding(f"TLS {each.key}", "wrong" if each.days < 0 else "odd", each.words)
    if not ending:
        first = min(certificate.ends_at for _, certificate in in_use)
        text = f"{len(in_use)} certificates, the first ends on {time.strftime('%Y-%m-%d', time.gmtime(first))}"
        yield Finding("TLS", "well", text)


def _peer(peer: Peer, settings: NodeSettings) -> Finding:
    answer = echo(peer, settings.node.ae_title)
    if not answer.alive:
        return Finding(f"peer {peer.name}", "wrong", answer.text)
    text = f"answers in {answer.milliseconds:.0f} ms"
    if answer.tls is None:
        return Finding(f"peer {peer.name}", "well", text)
    near = answer.tls.certificate.ends_at - time.time() < settings.tls.warn_days * 86_400
    return Finding(f"peer {peer.name}", "odd" if near else "well", f"{text}, {answer.tls.words}")


def _port_verdict(host: str, port: int) -> tuple[Literal["well", "odd"], str]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return "odd", f"{host}:{port} is taken: by a node that runs already, or change it in node.toml"
    return "well", f"{host}:{port} is free"
