"""Verbs about scoring itself: systems, phantom, train, evaluate, card. Nothing here loads torch before it is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from scoring.bundle_verbs import WeightsOption, bundle_app

ReadersOption = Annotated[
    list[str] | None, typer.Option("--reader", help="A reader of the study, once for each: others are refused.")
]


def register(app: typer.Typer) -> None:
    """Add this package's verbs to the command."""
    for verb in (systems, phantom, train, evaluate, card):
        app.command()(verb)
    app.add_typer(bundle_app(), name="bundle")


def systems(
    key: Annotated[str | None, typer.Argument(help="Show one system's model card.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What can be scored, from which images, with which weights; the model card of one."""
    from scoring.catalogue import find_spec, list_systems

    if as_json:
        chosen = (find_spec(key),) if key else list_systems()
        typer.echo(json.dumps([_as_json(spec) for spec in chosen], indent=2))
        return
    if key:
        typer.echo((find_spec(key).folder / "README.md").read_text(encoding="utf-8"))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("system", "version", "what it says", "from", "weights", box=None)
    for spec in list_systems():
        facts = _as_json(spec)
        modality = next((", ".join(a["any_of"]) for a in facts["accepts"] if a["attribute"] == "modality"), "any")
        table.add_row(spec.key, spec.version, spec.title, modality, facts["statement"] or "no weights")
    Console().print(table)


def phantom(
    kind: Annotated[
        str, typer.Argument(help="hand, nailfold, or damaged-hands: damage drawn into a centre's own films")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    number: Annotated[int, typer.Option("-n", min=1, help="How many (nailfold: patients, of 16 pictures each).")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pictures.")] = 1,
    dicom: Annotated[bool, typer.Option("--dicom", help="DICOM files, not PNG (hand) or JPEG (nailfold).")] = False,
    readers: Annotated[int, typer.Option(min=0, help="Also readings.csv of so many simulated readers.")] = 0,
    films: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Films of hands without arthritis (damaged-hands)."),
    ] = None,
    visits: Annotated[int, typer.Option(min=1, help="Visits of each hand, which share lesions (damaged-hands).")] = 1,
    columns: Annotated[int, typer.Option(min=128, max=4096, help="Width of a picture in pixels (nailfold).")] = 512,
) -> None:
    """Draw images with a known truth, and truth.csv in the columns that train and evaluate read."""
    if kind not in ("hand", "nailfold", "damaged-hands"):
        raise typer.BadParameter(f"got {kind!r}, allowed: hand, nailfold, damaged-hands", param_hint="kind")
    if (kind == "damaged-hands") != (films is not None):
        raise typer.BadParameter("the films go with damaged-hands, and are needed there", param_hint="--films")
    paths: Iterator[Path]
    total = number * visits
    if films is not None:
        from scoring.phantoms.damaged_hands.write_damaged_hands import write_damaged_hands

        paths = write_damaged_hands(films, out, number, seed, visits=visits, readers=readers)
    elif kind == "nailfold":
        from scoring.phantoms.nailfold.write_nailfolds import PICTURES_OF_A_PATIENT, write_nailfold_phantoms

        total = number * PICTURES_OF_A_PATIENT
        paths = write_nailfold_phantoms(out, number, seed, dicom=dicom, readers=readers, columns=columns)
    else:
        from scoring.phantoms.write_phantoms import write_hand_phantoms

        paths = write_hand_phantoms(out, number, seed, dicom=dicom, readers=readers)
    for path in _with_progress(paths, total, "phantoms"):
        typer.echo(str(path))


def train(
    system: Annotated[str, typer.Argument(help="Key of the system.")],
    out: Annotated[Path, typer.Option(help="Folder of the run: weights, figures, log.")],
    labels: Annotated[Path | None, typer.Option(help="A centre's readings (CSV).", exists=True, dir_okay=False)] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images that the readings name.", exists=True, file_okay=False)
    ] = None,
    demonstration: Annotated[bool, typer.Option(help="Learn from phantoms instead of readings.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of public images, for --demonstration.")] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="TOML: networks, courses (svdh_hands, nailfold); else the packaged one.", exists=True, dir_okay=False
        ),
    ] = None,
    readers: ReadersOption = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    seed: Annotated[int, typer.Option(help="The same seed learns the same weights.")] = 7,
) -> None:
    """Learn a system from a centre's own readings, or its demonstration weights from phantoms."""
    from scoring.catalogue import find_spec, open_recipe

    if demonstration == (labels is not None):
        raise typer.BadParameter("give either --labels with --images, or --demonstration", param_hint="--labels")
    learning = open_recipe(find_spec(system).key)
    if labels is None:
        summary = learning.train_demonstration(data, out, seed, epochs, recipe)
    else:
        if images is None:
            raise typer.BadParameter("the folder of the images is needed with --labels", param_hint="--images")
        _refuse_unknown_readers(labels, readers)
        summary = learning.train(labels, images, out, epochs, seed, recipe)
    typer.echo(str(summary))


def evaluate(
    system: Annotated[str, typer.Argument(help="Key of the system.")],
    labels: Annotated[Path, typer.Option(help="Readings to compare with (CSV).", exists=True, dir_okay=False)],
    images: Annotated[
        Path, typer.Option(help="Folder of the images that the readings name.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder of the report.")],
    readers: ReadersOption = None,
    weights: WeightsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a system against readings: agreement per item and on the total, with the data it was measured on."""
    from scoring.catalogue import check_weights, find_spec, open_recipe
    from scoring.chosen_weights import with_weights_of

    spec = find_spec(system)
    _refuse_unknown_readers(labels, readers)
    spec = with_weights_of(spec, weights) if weights else spec
    check_weights(spec)
    figures = open_recipe(system).evaluate(spec, labels, images, out)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            typer.echo(f"{name:32} {value}")


def card(
    system: Annotated[str, typer.Argument(help="Key of the system.")],
    weights: Annotated[Path | None, typer.Option(help="Folder of a training run; else the packaged weights.")] = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(help="Report of `evaluate` with these weights; else the one beside them.", exists=True),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing: is the card older than its weights?")] = False,
) -> None:
    """Write the model card, and the CLAIM 2024 and TRIPOD+AI tables from it, beside the weights."""
    from scoring.cards.card_freshness import check_card
    from scoring.cards.writing import write_card_files
    from scoring.catalogue import check_weights, find_spec, open_recipe
    from scoring.chosen_weights import with_weights_of

    spec = find_spec(system)
    spec = with_weights_of(spec, weights) if weights else spec
    check_weights(spec)
    folder = spec.weights_files[0].parent
    if check:
        check_card(spec, folder)
        typer.echo(f"{folder / 'README.md'} is as young as what it speaks of")
        return
    typer.echo(str(write_card_files(spec, open_recipe(system).figures_in_words(folder), evaluation)))


def _refuse_unknown_readers(labels: Path, readers: list[str] | None) -> None:
    """LabelError, row by row, for readings of who is not among the readers that the call names.

    Items of every system may stand there: which are its own each system says when it reads the table.
    """
    if readers:
        from scoring.learning.label import LABEL_SITES, NAILFOLD_SITES
        from scoring.learning.label_table import read_label_table

        read_label_table(labels, readers, {**LABEL_SITES, **NAILFOLD_SITES})


def _as_json(spec: Any) -> dict[str, Any]:
    from scoring.spec import WEIGHTS_RECORD
    from scoring.weights import all_weights, read_weights_record

    own = spec.folder / WEIGHTS_RECORD
    return {
        "key": spec.key,
        "title": spec.title,
        "version": spec.version,
        "kind": spec.kind,
        "intended_use": spec.intended_use,
        "accepts": [
            {"attribute": r.attribute, "any_of": r.any_of, "none_of": r.none_of, "because": r.because}
            for r in spec.accepts
        ],
        "sites": [site.key for site in spec.sites],
        "statement": read_weights_record(own).statement if own.exists() else "",
        "weights": [
            {
                "role": w.role,
                "file": w.path.name,
                "sha256": w.sha256,
                "licence": w.licence,
                "learnt_from": w.learnt_from,
            }
            for w in all_weights(spec.weights_files)
        ],
    }


def _with_progress(paths: Any, number: int, what: str) -> Any:
    from rich.console import Console
    from rich.progress import track

    yield from track(paths, total=number, description=what, console=Console(stderr=True), transient=True)
