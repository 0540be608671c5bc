"""Who made the observations: TID 1001 with a device observer (TID 1004), and the algorithm (TID 4019)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pydicom.dataset import Dataset

from scoring.result import Engine, ProtocolUse, ScoreResult, WeightUse
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, text, uidref
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import fields_of, line_of, meant, needed, shown
from sr_templates.uids import device_uid

MANUFACTURER = "rheumascore"
_LINES: Final = ("weights", "protocol")
"""Parameters whose value is a line of fields."""


def device_observer(result: ScoreResult) -> list[Dataset]:
    """The software with these weights as a device."""
    return [
        code(codes.OBSERVER_TYPE, codes.DEVICE, "HAS OBS CONTEXT"),
        uidref(codes.DEVICE_UID, device_uid(result), "HAS OBS CONTEXT"),
        text(codes.DEVICE_NAME, MANUFACTURER, "HAS OBS CONTEXT"),
        text(codes.DEVICE_MANUFACTURER, MANUFACTURER, "HAS OBS CONTEXT"),
        text(codes.DEVICE_MODEL, model_name(result), "HAS OBS CONTEXT"),
        text(codes.DEVICE_SERIAL, serial_number(result), "HAS OBS CONTEXT"),
    ]


def algorithm_identification(result: ScoreResult, spec: SystemSpec) -> list[Dataset]:
    """TID 4019 for all groups at once: name, version, and every parameter that decides the numbers."""
    return [
        text(codes.ALGORITHM_NAME, f"{MANUFACTURER} {spec.key}: {spec.title}", "HAS CONCEPT MOD"),
        text(codes.ALGORITHM_VERSION, shown(result.system_version), "HAS CONCEPT MOD"),
        *(text(codes.ALGORITHM_PARAMETERS, line, "HAS CONCEPT MOD") for line in parameter_lines(result)),
    ]


def parameter_lines(result: ScoreResult) -> list[str]:
    """``name=value`` lines: system, weights, preprocessing, rule, trial's protocol, engine."""
    parameters = [
        ("system", result.system),
        ("kind", result.kind),
        ("weights_digest", result.weights_digest),
        *(("weights", _weights_line(w)) for w in result.weights),
        ("preprocessing_version", result.preprocessing_version),
        ("missing_site_rule", result.missing_site_rule),
        *(("protocol", _protocol_line(p)) for p in (result.protocol,) if p),
        ("engine", result.engine.software),
        *(("library", library) for library in result.engine.libraries),
        ("device", result.engine.device),
    ]
    return [f"{name}={value if name in _LINES else shown(value)}" for name, value in parameters]


def read_parameters(lines: Iterable[str]) -> dict[str, list[str]]:
    """The values of each name, in their order; lines of fields as ``read_weights`` and ``read_protocol`` take them."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if sign:
            found.setdefault(name, []).append(value if name in _LINES else meant(value))
    return found


def read_engine(parameters: dict[str, list[str]]) -> Engine:
    """What computed it."""
    return Engine(
        only_parameter(parameters, "engine"), tuple(parameters.get("library", [])), only_parameter(parameters, "device")
    )


def read_weights(lines: Sequence[str], learnt_from: Sequence[str]) -> tuple[WeightUse, ...]:
    """The weight files, one for each line; ``learnt_from``: the sentence of each."""
    if len(lines) != len(learnt_from):
        raise ForeignReportError("The report does not say of every weight file what it learnt from; it is damaged.")
    return tuple(_weights(fields_of(line), sentence) for line, sentence in zip(lines, learnt_from, strict=True))


def read_protocol(parameters: dict[str, list[str]]) -> ProtocolUse | None:
    """The trial's protocol that ruled the result, if one did."""
    if "protocol" not in parameters:
        return None
    fields = fields_of(only_parameter(parameters, "protocol"))
    return ProtocolUse(needed(fields, "name"), needed(fields, "SHA-256"))


def only_parameter(parameters: dict[str, list[str]], name: str) -> str:
    """The value of a parameter that is there once; ForeignReportError otherwise."""
    values = parameters.get(name, [])
    if len(values) != 1:
        raise ForeignReportError(f"The report names the parameter {name!r} {len(values)} times; wanted once.")
    return values[0]


def learnt_from_line(weights: WeightUse) -> str:
    """The sentence about a weight file: ``joint_grader (joint_grader.safetensors): phantoms only``."""
    return f"{_named(weights.role, weights.file)} {shown(weights.learnt_from)}".rstrip(" ")


def model_name(result: ScoreResult) -> str:
    """Manufacturer's Model Name of every object: product and system."""
    return f"{MANUFACTURER} {result.system}"


def serial_number(result: ScoreResult) -> str:
    """Device Serial Number: version and the first digits of the weights' digest, for the eye."""
    return f"{result.system_version}+{result.weights_digest[:12]}"


def _weights_line(weights: WeightUse) -> str:
    return line_of(
        {
            "role": weights.role,
            "file": weights.file,
            "SHA-256": weights.sha256,
            "licence": weights.licence,
            "demonstration": "yes" if weights.demonstration else "no",
        }
    )


def _protocol_line(protocol: ProtocolUse) -> str:
    return line_of({"name": protocol.name, "SHA-256": protocol.sha256})


def _weights(fields: dict[str, str], sentence: str) -> WeightUse:
    role, file = needed(fields, "role"), needed(fields, "file")
    return WeightUse(
        role=role,
        file=file,
        sha256=needed(fields, "SHA-256"),
        licence=needed(fields, "licence"),
        learnt_from=meant(sentence.removeprefix(_named(role, file)).removeprefix(" ")),
        demonstration=needed(fields, "demonstration") == "yes",
    )


def _named(role: str, file: str) -> str:
    return shown(f"{role} ({file}):")
