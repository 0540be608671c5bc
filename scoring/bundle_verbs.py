"""``rheumascore bundle …``: a trained system goes out and comes in as one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

WeightsOption = Annotated[
    Path | None, typer.Option("--weights", help="Folder of a training run, or a bundle; else the packaged weights.")
]


def bundle_app() -> typer.Typer:
    """The verbs of bundles."""
    app = typer.Typer(help="A trained system out and in, as a MONAI-Bundle-shaped folder.", no_args_is_help=True)
    app.command("export")(export)
    app.command("import")(import_)
    app.command("check")(check)
    return app


def export(
    system: Annotated[str, typer.Argument(help="Key of the system.")],
    out: Annotated[Path, typer.Option(help="The bundle: a folder that is not there yet.")],
    weights: WeightsOption = None,
    onnx: Annotated[bool, typer.Option(help="With ONNX files, compared with torch.")] = True,
) -> None:
    """Weights, ONNX, model card, licences and a manifest of hashes; the card must be as young as the weights."""
    from functools import partial

    from scoring.bundles.exporting import export_bundle
    from scoring.catalogue import check_weights, find_spec, open_recipe
    from scoring.chosen_weights import with_weights_of

    spec = find_spec(system)
    spec = with_weights_of(spec, weights) if weights else spec
    check_weights(spec)
    typer.echo(str(export_bundle(spec, out, partial(open_recipe(system).write_onnx, spec) if onnx else None)))


def import_(
    bundle: Annotated[Path, typer.Argument(help="A bundle.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Folder for the weights: one that is not there yet.")],
) -> None:
    """Take declared metadata and weights in, once every file was looked at; nothing is executed or unpickled."""
    from scoring.bundles.checking import system_of
    from scoring.bundles.importing import import_bundle
    from scoring.catalogue import find_spec

    spec = find_spec(system_of(bundle))
    taken = import_bundle(spec, bundle, out).resolve()
    typer.echo(f"{taken}\nTo score with it, in node.toml:\n[scoring.weights]\n{spec.key} = {json.dumps(str(taken))}")


def check(
    bundle: Annotated[Path, typer.Argument(help="A bundle.", exists=True, file_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at every file of a bundle; exit code 1 says what is wrong with it."""
    from scoring.bundles.checking import check_bundle, identity_of, system_of
    from scoring.bundles.layout import MODELS
    from scoring.catalogue import find_spec

    spec = find_spec(system_of(bundle))
    record = check_bundle(bundle, spec)
    told = {
        "system": spec.key,
        "version": spec.version,
        "weights_digest": identity_of(spec.with_weights(bundle / MODELS)).weights_digest,
        "statement": record.statement,
        "weights": {file.path.name: file.sha256 for file in record.files},
    }
    typer.echo(json.dumps(told, indent=2) if as_json else "\n".join(f"{key:16} {value}" for key, value in told.items()))
