"""A trained system out: weights, ONNX, card and licences as one folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from scoring.bundles.checking import check_bundle, identity_of
from scoring.bundles.layout import DATA_LICENCE, DOCS, LICENCE, METADATA, MODELS
from scoring.bundles.manifest import write_manifest
from scoring.bundles.metadata import metadata_json
from scoring.bundles.whole_folder import whole_folder
from scoring.cards.card_files import CARD, CARD_FILES
from scoring.cards.card_freshness import check_card
from scoring.errors import BundleError
from scoring.networks.network_ports import PortsOfNetwork
from scoring.spec import SystemSpec
from scoring.weights import WeightsRecord, checked_bytes, read_weights_record

OnnxWriter = Callable[[Path], Sequence[PortsOfNetwork]]
"""Writes ROLE.onnx of each network into a folder and says what goes in and comes out; none: without ONNX."""


def export_bundle(spec: SystemSpec, out: Path, write_onnx: OnnxWriter | None) -> Path:
    """Write the bundle of the system with the weights that ``spec`` names first; ``out``.

    Raises CardError when its model card is missing or older than its weights, WeightsError when a weight was changed,
    BundleError when the folder cannot be written.
    """
    source = spec.weights_files[0].parent
    check_card(spec, source)
    record = read_weights_record(spec.weights_files[0])
    with whole_folder(out) as folder:
        for part in (MODELS, DOCS, Path(METADATA).parent):
            (folder / part).mkdir()
        shutil.copyfile(spec.weights_files[0], folder / MODELS / spec.weights_files[0].name)
        for file in record.files:
            (folder / MODELS / file.path.name).write_bytes(checked_bytes(file))
        for name in CARD_FILES:
            if (source / name).exists() or name == CARD:
                shutil.copyfile(source / name, folder / DOCS / name)
        (folder / DOCS / DATA_LICENCE).write_text(_data_licence(record, source), encoding="utf-8")
        (folder / LICENCE).write_text(_code_licence(), encoding="utf-8")
        networks = write_onnx(folder / MODELS) if write_onnx else ()
        metadata = metadata_json(identity_of(spec), spec, record, networks)
        (folder / METADATA).write_text(metadata, encoding="utf-8")
        write_manifest(folder)
        check_bundle(folder, spec)
    return out


def _data_licence(record: WeightsRecord, source: Path) -> str:
    """Of each weight file its licence and the data that it rests on; then what a licence beside the weights says."""
    lines = []
    for file in record.files:
        lines += [f"{file.path.name}", f"  licence: {file.licence}", f"  learnt from: {file.learnt_from}"]
        lines += [f"  data: {name}" for name in file.data]
    own = source / "LICENCE-WEIGHTS.txt"
    return "\n".join(lines) + "\n" + (f"\n{own.read_text(encoding='utf-8')}" if own.exists() else "")


def _code_licence() -> str:
    from importlib.metadata import files

    for file in files("rheumascore") or ():
        if file.name == "LICENSE":
            return Path(str(file.locate())).read_text(encoding="utf-8")
    raise BundleError("The licence of rheumascore is not among its installed files; reinstall it.")
