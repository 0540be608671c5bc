"""``rheumascore send`` and ``echo``: a C-STORE and C-ECHO user with a line for each refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track

from dicom_node.delivery.accepted_forms import forms_among, kinds_of_rungs
from dicom_node.delivery.send_files import send_files
from dicom_node.delivery.store_scu import EchoAnswer, echo
from dicom_node.errors import SettingsError
from dicom_node.local_files import find_files
from dicom_node.peers import Peer
from dicom_node.settings import NodeSettings, read_settings


def print_sending(peer: str, paths: Sequence[Path], config: Path, *, as_json: bool) -> int:
    """Send, show progress, print each refusal. 1 when anything was not stored."""
    settings, target = _peer(peer, config)
    files = list(find_files(paths))
    sending = send_files(target, files, settings.node.ae_title)
    shown = Console(stderr=True)
    answers = list(track(sending, total=len(files), description=f"to {target.name}", console=shown, transient=True))
    refused = [a for a in answers if not a.stored]
    if as_json:
        rows = [{"file": str(a.path), "stored": a.stored, "status": a.status, "text": a.text} for a in answers]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for answer in refused:
            typer.echo(f"{answer.path}: {answer.text}", err=True)
        typer.echo(f"{len(answers) - len(refused)} of {len(answers)} stored by {target.name}")
    return 1 if refused else 0


def print_echo(peer: str | None, config: Path, *, as_json: bool) -> int:
    """C-ECHO one peer, or every configured one, and say which forms of a result it would take. 1 when one is mute."""
    if peer is None:
        settings = read_settings(config)
        targets = settings.peers
    else:
        settings, target = _peer(peer, config)
        targets = (target,)
    answers = [(p, echo(p, settings.node.ae_title, kinds_of_rungs(p))) for p in targets]
    if as_json:
        rows = [
            {
                "peer": p.name,
                "alive": a.alive,
                "milliseconds": a.milliseconds,
                "text": a.text,
                "forms": list(forms),
                "tls": _tls_facts(a),
            }
            for p, a in answers
            for forms in [forms_among(p, a.accepted)]
        ]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for target, answer in answers:
            typer.echo(f"{target.name} ({target.ae_title} at {target.host}:{target.port}) {_said(target, answer)}")
    return 0 if answers and all(a.alive for _, a in answers) else 1


def _said(target: Peer, answer: EchoAnswer) -> str:
    if not answer.alive:
        return answer.text
    forms = forms_among(target, answer.accepted)
    takes = f"takes {', '.join(forms)}" if forms else "takes none of our results"
    over = f"over {answer.tls.words}" if answer.tls else "in plain DICOM"
    return f"answers in {answer.milliseconds:.0f} ms {over}; {takes}"


def _tls_facts(answer: EchoAnswer) -> dict[str, str] | None:
    if answer.tls is None:
        return None
    shown = answer.tls.certificate
    return {
        "version": answer.tls.version,
        "cipher": answer.tls.cipher,
        "certificate": shown.common_name,
        "certificate_sha256": shown.sha256,
        "certificate_ends": shown.last_day,
    }


def _peer(name: str, config: Path) -> tuple[NodeSettings, Peer]:
    """A configured peer by name, or ``HOST:PORT:AE_TITLE`` without any settings."""
    host, _, rest = name.partition(":")
    port, _, title = rest.partition(":")
    if host and port.isdigit() and title:
        settings = read_settings(config) if config.exists() else NodeSettings()
        return settings, Peer(name=name, ae_title=title, host=host, port=int(port))
    if not config.exists():
        raise SettingsError(f"{config} does not exist, so {name!r} names no peer; write HOST:PORT:AE_TITLE instead.")
    settings = read_settings(config)
    return settings, settings.peer(name)
