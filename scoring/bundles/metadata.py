"""configs/metadata.json: MONAI's required keys, and below ``rheumascore`` which system it is and what it goes with.

Written for MONAI's tools; of ours only ``rheumascore`` is read, and nothing is executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from scoring.bundles.strict_json import read_strict_json
from scoring.errors import BundleError
from scoring.networks.network_ports import PortsOfNetwork
from scoring.spec import SystemSpec
from scoring.weights import WeightsRecord

_OURS: Final = "rheumascore"
_FORM: Final = "rheumascore bundle 1"
_LIBRARIES: Final = ("timm", "safetensors")


@dataclass(frozen=True, slots=True)
class BundleIdentity:
    """Which system the weights are of, and with what they make the scores that the card speaks of."""

    system: str
    version: str
    preprocessing_version: str
    weights_digest: str
    """``scoring.inference.weights_digest`` of the system with these weights."""
    shared_weights: Mapping[str, str]
    """SHA-256 by role of weights that are no part of the bundle: those of shared anatomy."""

    def refuse_other(self, own: BundleIdentity) -> None:
        """BundleError when this software would score differently from what the bundle's card says."""
        for key in ("system", "version", "preprocessing_version", "shared_weights", "weights_digest"):
            there, here = getattr(self, key), getattr(own, key)
            if there != here:
                raise BundleError(
                    f"The bundle is of {key.replace('_', ' ')} {_words(there)}, here it is {_words(here)}: its scores "
                    "would not be those that its card speaks of. Use it with the release that it was made with."
                )


def metadata_json(
    identity: BundleIdentity, spec: SystemSpec, record: WeightsRecord, networks: Sequence[PortsOfNetwork]
) -> str:
    """The text of metadata.json."""
    sources = dict.fromkeys(name for file in record.files for name in file.data)
    formats = {network.role: _formats(network) for network in networks}
    content = {
        "version": identity.version,
        "changelog": {identity.version: "; ".join(dict.fromkeys(file.learnt_from for file in record.files))},
        "monai_version": _version("monai"),
        "pytorch_version": _version("torch"),
        "numpy_version": _version("numpy"),
        "required_packages_version": {name: _version(name) for name in _LIBRARIES},
        "name": spec.title,
        "task": spec.title,
        "description": record.statement,
        "authors": "see docs/README.md",
        "copyright": "; ".join(dict.fromkeys(file.licence for file in record.files)),
        "data_source": "; ".join(sources),
        "intended_use": spec.intended_use,
        "references": list(spec.references),
        "network_data_format": next(iter(formats.values()), {"inputs": {}, "outputs": {}}),
        "network_data_formats": formats,
        _OURS: {"form": _FORM, **asdict(identity)},
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_identity(content: bytes, name: str) -> BundleIdentity:
    """What a metadata.json declares. BundleError when it is not of ours, or says something else than texts."""
    ours = read_strict_json(content, name).get(_OURS)
    if not isinstance(ours, dict) or ours.pop("form", None) != _FORM:
        raise BundleError(f"{name} has no entry {_OURS!r} of the form {_FORM!r}: it is no bundle of a system of ours.")
    shared = ours.get("shared_weights")
    wanted = {field.name for field in fields(BundleIdentity)}
    texts = [value for key, value in ours.items() if key != "shared_weights"]
    texts += shared.values() if isinstance(shared, dict) else [None]
    if ours.keys() != wanted or not all(isinstance(text, str) for text in texts):
        raise BundleError(f"{name}: {_OURS} must hold the texts {', '.join(sorted(wanted))}; found {sorted(ours)}.")
    return BundleIdentity(**ours)


def _formats(network: PortsOfNetwork) -> dict[str, Any]:
    listed = {"inputs": network.inputs, "outputs": network.outputs}
    return {kind: {port.name: port.as_monai() for port in ports} for kind, ports in listed.items()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _words(found: object) -> str:
    if isinstance(found, Mapping):
        return ", ".join(f"{role} {str(digest)[:12]}…" for role, digest in sorted(found.items())) or "none"
    return repr(found)
