"""Is a bundle whole, unchanged, of the system it is meant for, and nothing but data? One answer where it is not."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from scoring.bundles.layout import METADATA, MODELS, largest
from scoring.bundles.manifest import check_manifest
from scoring.bundles.metadata import BundleIdentity, read_identity
from scoring.bundles.onnx_file import check_onnx
from scoring.bundles.safetensors_header import check_safetensors
from scoring.bundles.strict_json import read_strict_json
from scoring.errors import BundleError, SpecError
from scoring.inference import weights_digest
from scoring.spec import WEIGHTS_RECORD, SystemSpec
from scoring.weights import WeightsRecord, all_weights, read_weights_record

_RECORD: Final = f"{MODELS}/{WEIGHTS_RECORD}"


def check_bundle(folder: Path, spec: SystemSpec) -> WeightsRecord:
    """The list of weights of a bundle, once every file of it was looked at. Nothing is loaded or executed.

    BundleError names the file and what is wrong with it.
    """
    digests = check_manifest(folder)
    for name in (METADATA, _RECORD):
        if name not in digests:
            raise BundleError(f"{folder.name} has no {name}: it is no bundle of a trained system.")
    for name in digests:
        _check_content(folder / name, name)
    try:
        record = read_weights_record(folder / _RECORD)
    except SpecError as error:
        raise BundleError(f"{folder.name}: {error}") from None
    _check_record(record, digests)
    found = read_identity((folder / METADATA).read_bytes(), METADATA)
    found.refuse_other(identity_of(spec.with_weights(folder / MODELS)))
    return record


def system_of(folder: Path) -> str:
    """Key of the system that a bundle says it is of; BundleError when it says none. Nothing else is looked at."""
    path = folder / METADATA
    if path.is_symlink() or not path.is_file() or path.stat().st_size > largest(METADATA):
        raise BundleError(f"{folder} has no {METADATA} that can be read: it is no bundle of a trained system.")
    return read_identity(path.read_bytes(), METADATA).system


def identity_of(spec: SystemSpec) -> BundleIdentity:
    """What a bundle of a system with the weights that its spec names says of itself."""
    return BundleIdentity(
        system=spec.key,
        version=spec.version,
        preprocessing_version=spec.preprocessing_version,
        weights_digest=weights_digest(spec, all_weights(spec.weights_files)),
        shared_weights={file.role: file.sha256 for file in all_weights(spec.shared_weights)},
    )


def _check_content(path: Path, name: str) -> None:
    """Whether a file is what its ending says."""
    if path.suffix == ".safetensors":
        check_safetensors(path, name)
    elif path.suffix == ".onnx":
        check_onnx(path, name)
    elif path.suffix == ".json":
        read_strict_json(path.read_bytes(), name)
    else:
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".toml":
                tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"{name} is not the text it should be ({type(error).__name__}).") from None


def _check_record(record: WeightsRecord, digests: dict[str, str]) -> None:
    """The list of weights names files of the bundle, by the hashes of the manifest, and all of them."""
    listed = {f"{MODELS}/{file.path.name}": file.sha256 for file in record.files}
    for name, sha256 in listed.items():
        if digests.get(name) != sha256:
            raise BundleError(
                f"{_RECORD} lists {name} with the SHA-256 {sha256[:12]}…; the bundle holds another or none."
            )
    models = {name for name in digests if name.startswith(f"{MODELS}/") and not name.endswith(".onnx")}
    if more := sorted(models - listed.keys() - {_RECORD}):
        raise BundleError(f"{more[0]} is not in {_RECORD}; nothing that is not listed is taken in.")
