"""Verbs of the node. Everything heavy is imported inside a verb, so that ``--help`` answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings.", show_default=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_CONFIG = Path("node.toml")


def register(app: typer.Typer) -> None:
    """Add this package's verbs to the command."""
    for verb in (demo, run, listen, worker, send, echo, status, requeue, withdraw, route, score, wrap, doctor):
        app.command()(verb)
    config = typer.Typer(help="Check a node.toml, or print a commented example.", no_args_is_help=True)
    config.command("check")(config_check)
    config.command("example")(config_example)
    config.command("hash")(config_hash)
    app.add_typer(config, name="config")
    app.command()(verify)
    audit = typer.Typer(help="The audit trail: is it whole, and what does it say.", no_args_is_help=True)
    audit.command("verify")(audit_verify)
    audit.command("show")(audit_show)
    app.add_typer(audit, name="audit")
    alerts = typer.Typer(help="How a person is called: what waits for one, and does a message arrive.")
    alerts.command("show")(alerts_show)
    alerts.command("test")(alerts_test)
    app.add_typer(alerts, name="alerts")
    app.command()(backup)
    app.command()(restore)
    app.command()(retention)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave after the table; exit 0 only if all came back.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep everything in this folder.")] = None,
) -> None:
    """A PACS, the node, a worker and the page on this machine; sends studies and waits for their reports."""
    from dicom_node.demo import run_demo

    raise typer.Exit(run_demo(once=once, keep=keep))


def run(config: ConfigOption = _CONFIG) -> None:
    """Listener, workers and page as one supervised group; Ctrl-C or SIGTERM drains and stops within 30 s."""
    from dicom_node.process_group import run_group
    from dicom_node.settings import read_settings
    from dicom_node.systems_in_use import systems_in_use

    settings = read_settings(config)
    systems_in_use(settings.scoring, settings.trial)
    raise typer.Exit(run_group(config))


def listen(config: ConfigOption = _CONFIG) -> None:
    """The listener alone: receives, assembles studies, routes, and repeats what the queue lost."""
    from dicom_node.listener_process import run_listener
    from dicom_node.settings import read_settings

    raise typer.Exit(run_listener(read_settings(config)))


def worker(
    config: ConfigOption = _CONFIG,
    queue: Annotated[list[str] | None, typer.Option(help="scoring, delivery; both when none is named.")] = None,
) -> None:
    """A worker alone: scores studies (loads torch), writes and sends reports."""
    from dicom_node.settings import read_settings
    from dicom_node.worker_process import QUEUES, run_worker

    chosen = tuple(queue or QUEUES)
    if unknown := sorted(set(chosen) - set(QUEUES)):
        raise typer.BadParameter(f"got {unknown[0]!r}, allowed: {', '.join(QUEUES)}", param_hint="--queue")
    raise typer.Exit(run_worker(read_settings(config), chosen))


def send(
    peer: Annotated[str, typer.Argument(help="A peer's name, or HOST:PORT:AE_TITLE.")],
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders.", exists=True)],
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """C-STORE files or folders to a peer: progress, and a line for each refusal."""
    from dicom_node.sending import print_sending

    raise typer.Exit(print_sending(peer, paths, config, as_json=as_json))


def echo(
    peer: Annotated[str | None, typer.Argument(help="A peer's name; every configured peer when none.")] = None,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """C-ECHO: is the peer there, and does it know us."""
    from dicom_node.sending import print_echo

    raise typer.Exit(print_echo(peer, config, as_json=as_json))


def status(
    study: Annotated[str | None, typer.Option("--study", help="One study with its whole timeline.")] = None,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """What is where. Exit code 1 when something waits for a person."""
    from dicom_node.status_table import print_status

    raise typer.Exit(print_status(config, study, as_json=as_json))


def requeue(
    study: Annotated[str | None, typer.Option("--study", help="One study, what was given up included.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Everything that was given up.")] = False,
    config: ConfigOption = _CONFIG,
) -> None:
    """Dispatch again what is waiting, or what was given up."""
    from dicom_node.status_table import print_requeued

    raise typer.Exit(print_requeued(config, study, dead=dead))


def withdraw(
    study: Annotated[str, typer.Option("--study", help="Study Instance UID.")],
    reason: Annotated[str, typer.Option(help="Why, in 1 to 1000 characters; it is sent, so it names no patient.")],
    system: Annotated[str | None, typer.Option(help="Key of one system; the results of all when none.")] = None,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take a wrong report back: a successor says so to every destination that has it; nothing is deleted."""
    from dicom_node.withdraw_verb import print_withdrawn

    raise typer.Exit(print_withdrawn(config, study, reason, system, as_json=as_json))


def verify(
    study: Annotated[str, typer.Option("--study", help="Study Instance UID.")],
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Score again from the kept images: equal to what was sent, or what differs. Exit code 1 when something does."""
    from dicom_node.verify_verb import print_verification

    raise typer.Exit(print_verification(config, study, as_json=as_json))


def route(
    files: Annotated[list[Path], typer.Argument(help="DICOM files or folders.", exists=True)],
    as_json: JsonOption = False,
) -> None:
    """Dry: each system's yes or no to each file, and the attribute that decided; nothing is sent."""
    from dicom_node.dry_route import print_routes

    raise typer.Exit(print_routes(files, as_json=as_json))


def score(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files, folders, or JPEG/PNG radiographs.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for *.sr.dcm, *.sr.txt, *.sc.dcm, scores.csv, scores.json.")],
    system: Annotated[str | None, typer.Option(help="Key of one system; all that accept when none.")] = None,
    form: Annotated[str, typer.Option(help="Form of the report, as sr_sop_class of a peer.")] = "comprehensive",
    extras: Annotated[
        list[str] | None, typer.Option(help="Further objects, as extras of a peer: pdf,segmentation; or once for each.")
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option(help="What a trial asks of a visit: its trial.toml.", exists=True, dir_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """No server: files in, reports (also as readable trees), heatmaps and tables out."""
    from typing import get_args

    from dicom_node.score_offline import Wanted, print_scores
    from scoring.catalogue import known_systems
    from scoring.trial import read_protocol
    from sr_templates.document_forms import DocumentForm, Extra

    asked = [word.strip() for one in extras or () for word in one.split(",") if word.strip()]
    for option, words, allowed in (("--form", [form], get_args(DocumentForm)), ("--extras", asked, get_args(Extra))):
        if unknown := [word for word in words if word not in allowed]:
            raise typer.BadParameter(f"got {unknown[0]!r}, allowed: {', '.join(allowed)}", param_hint=option)
    rules = read_protocol(protocol, known_systems()) if protocol else None
    wanted = Wanted(out, cast("DocumentForm", form), cast("tuple[Extra, ...]", tuple(dict.fromkeys(asked))), rules)
    raise typer.Exit(print_scores(paths, wanted, system, as_json=as_json))


def wrap(
    photos: Annotated[list[Path], typer.Argument(help="JPEG or PNG pictures, or folders of them.", exists=True)],
    kind: Annotated[str, typer.Option(help="hand (a radiograph), skin or nailfold.")],
    patient_id: Annotated[str, typer.Option(help="Patient ID, as the trial or hospital writes it.")],
    out: Annotated[Path, typer.Option(help="Folder for the DICOM files.")],
    side: Annotated[str, typer.Option(help="L, R or B (both).")] = "",
    trial: Annotated[str, typer.Option(help=r"PROTOCOL/SITE/SUBJECT\[/TIMEPOINT].")] = "",
    patient_name: Annotated[str, typer.Option(help="Family^Given; empty for trials.")] = "",
    fingers: Annotated[
        Path | None,
        typer.Option(
            help="CSV: image, side, finger, um_per_px, magnification of each picture (nailfold).", exists=True
        ),
    ] = None,
    finger: Annotated[str, typer.Option(help="Of all pictures: thumb, index, middle, ring, little (nailfold).")] = "",
    um_per_px: Annotated[float | None, typer.Option(help="Micrometres of skin to a pixel, if measured.")] = None,
    magnification: Annotated[float | None, typer.Option(help="What the lens says, such as 200.")] = None,
    photographic: Annotated[
        bool, typer.Option("--photographic", help="VL Photographic, not Dermoscopic: for archives without it.")
    ] = False,
) -> None:
    """JPEG or PNG to a DICOM photograph or radiograph, without recompression, into one study."""
    from dicom_node.photographs.given_files import given_pictures, writing_into
    from dicom_node.photographs.pictured_finger import fingers_of_call
    from dicom_node.photographs.wrapping import wrap_photos

    if not patient_id.strip():
        raise typer.BadParameter("it is empty; nobody could tell whose pictures these are", param_hint="--patient-id")
    pictures = given_pictures(photos)
    places = fingers_of_call(pictures, fingers, side, finger, um_per_px, magnification) if kind == "nailfold" else None
    with writing_into(out):
        for path in wrap_photos(
            pictures,
            kind,
            patient_id,
            out,
            side=side if places is None else "",
            trial=trial,
            patient_name=patient_name,
            fingers=places,
            photographic=photographic,
            tell=lambda said: typer.echo(f"look: {said}", err=True),
        ):
            typer.echo(str(path))


def doctor(config: ConfigOption = _CONFIG, as_json: JsonOption = False) -> None:
    """Disk, ports, codecs, torch, weights' hashes, peers, clock: what is well and what is not."""
    from dicom_node.health import print_health

    raise typer.Exit(print_health(config if config.exists() else None, as_json=as_json))


def audit_verify(
    config: ConfigOption = _CONFIG,
    head: Annotated[str | None, typer.Option(help="A head that was printed before: is it still there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every entry. Exit code 1 names the first that was changed, removed, moved or cut."""
    from dicom_node.audit_verbs import print_verified

    raise typer.Exit(print_verified(config, head, as_json=as_json))


def audit_show(
    study: Annotated[str | None, typer.Option("--study", help="One study; who was turned away when none.")] = None,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Who did what, when, and with which weights."""
    from dicom_node.audit_verbs import print_trail

    raise typer.Exit(print_trail(config, study, as_json=as_json))


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder of backups, on another disk.", metavar="DIR")],
    check: Annotated[bool, typer.Option("--check", help="Make none: read the one that is there, every byte.")] = False,
    name: Annotated[str | None, typer.Option("--backup", help="With --check: not the latest, but this one.")] = None,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """The ledger and every file that it names, while the node runs; what is in DIR already is not copied again."""
    from dicom_node.backup.verbs import print_backup, print_checked

    if check:
        raise typer.Exit(print_checked(folder, name, as_json=as_json))
    raise typer.Exit(print_backup(config, folder, as_json=as_json))


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder of backups.", metavar="DIR", exists=True)],
    name: Annotated[str | None, typer.Option("--backup", help="Not the latest, but this one of DIR/backups.")] = None,
    leave_out_damaged: Annotated[
        bool, typer.Option("--leave-out-damaged", help="Restore what is whole; exit code 1 and a line for the rest.")
    ] = False,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    """A backup into an empty data_dir; every byte is checked on the way. Start the node afterwards."""
    from dicom_node.backup.verbs import print_restored

    raise typer.Exit(print_restored(config, folder, name, leave_out_damaged=leave_out_damaged, as_json=as_json))


def retention(
    now: Annotated[bool, typer.Option("--now", help="Remove it; the node does so by itself every hour.")] = False,
    config: ConfigOption = _CONFIG,
    as_json: JsonOption = False,
) -> None:
    r"""What \[retention] lets go at this moment: a line for each study; nothing is removed without --now."""
    from dicom_node.retention_verb import print_retention

    raise typer.Exit(print_retention(config, now=now, as_json=as_json))


def alerts_show(config: ConfigOption = _CONFIG, as_json: JsonOption = False) -> None:
    """What waits for a person, and when one was called for it. Exit code 1 when something does."""
    from dicom_node.alerts.verbs import print_alerts

    raise typer.Exit(print_alerts(config, as_json=as_json))


def alerts_test(config: ConfigOption = _CONFIG) -> None:
    r"""Send a test message on every channel of \[alerts]. Exit code 1 when one was not taken."""
    from dicom_node.alerts.verbs import print_test

    raise typer.Exit(print_test(config))


def config_check(file: Annotated[Path, typer.Argument(help="A node.toml.")]) -> None:
    """Say file, key, what it got, what is allowed; all faults at once."""
    from dicom_node.settings import read_settings
    from dicom_node.systems_in_use import systems_in_use
    from dicom_node.tls_settings import server_context

    settings = read_settings(file)
    systems_in_use(settings.scoring, settings.trial)
    if settings.tls.on:
        server_context(settings.tls)
    typer.echo(f"{file.name} is right: {settings.node.ae_title} on {settings.node.host}:{settings.node.port}")


def config_example() -> None:
    """Print a commented node.toml."""
    from importlib.resources import files

    typer.echo(files("dicom_node").joinpath("node.example.toml").read_text(encoding="utf-8"), nl=False)


def config_hash() -> None:
    """Ask for a passcode, or read one line of a pipe; print what passcode_hash of a peer holds."""
    from dicom_node.passcode import hash_passcode

    asked = sys.stdin.isatty()
    passcode = typer.prompt("Passcode", hide_input=True, confirmation_prompt=True) if asked else sys.stdin.readline()
    if not (passcode := passcode.rstrip("\r\n")):
        raise typer.BadParameter("got nothing, allowed: a passcode", param_hint="stdin")
    typer.echo(hash_passcode(passcode))
