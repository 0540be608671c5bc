"""Weights in place of a system's own: the folder of a training run, or a bundle, once it is what it was sealed as."""

from __future__ import annotations

from pathlib import Path

from scoring.bundle_seal import check_run_seal
from scoring.bundles.checking import check_bundle
from scoring.bundles.layout import METADATA, MODELS
from scoring.errors import SpecError
from scoring.spec import WEIGHTS_RECORD, SystemSpec
from scoring.weights import read_weights_record


def with_weights_of(spec: SystemSpec, folder: Path) -> SystemSpec:
    """The system with the weights of a run or a bundle in place of its own; those of shared anatomy stay.

    Raises SpecError when the run's list of weights is missing, was changed or is of another system, BundleError when
    the bundle holds what it may not or is of another system. Weight files of a run are checked where they are opened.
    """
    return spec.with_weights(_weights_folder(spec, folder))


def _weights_folder(spec: SystemSpec, folder: Path) -> Path:
    """Where the weights.toml of a run or a bundle lies."""
    if (folder / METADATA).exists():
        check_bundle(folder, spec)
        return folder / MODELS
    if not (folder / WEIGHTS_RECORD).is_file():
        raise SpecError(f"{folder} has no {WEIGHTS_RECORD}: it is no run of `train` that has ended, and no bundle.")
    check_run_seal(folder)
    if (learnt := read_weights_record(folder / WEIGHTS_RECORD).system) not in ("", spec.key):
        raise SpecError(
            f"{folder / WEIGHTS_RECORD}: system is {learnt!r}, wanted {spec.key!r}: name a run of `rheumascore train "
            f"{spec.key}`."
        )
    return folder
