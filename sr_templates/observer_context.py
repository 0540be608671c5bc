"""Who made the observations: TID 1001 with a device observer (TID 1004), and the algorithm (TID 4019)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, text, uidref
from sr_templates.uids import device_uid

MANUFACTURER = "rheumascore"


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
    parameters = [
        f"weights_digest={result.weights_digest}",
        *(f"weights_sha256 {w.role} {w.file}={w.sha256}" for w in result.weights),
        f"preprocessing_version={result.preprocessing_version}",
        f"missing_site_rule={result.missing_site_rule}",
        f"engine={result.engine.software}; {result.engine.device}",
        *(f"library={library}" for library in result.engine.libraries),
    ]
    return [
        text(codes.ALGORITHM_NAME, f"{MANUFACTURER} {spec.key}: {spec.title}", "HAS CONCEPT MOD"),
        text(codes.ALGORITHM_VERSION, result.system_version, "HAS CONCEPT MOD"),
        *(text(codes.ALGORITHM_PARAMETERS, parameter, "HAS CONCEPT MOD") for parameter in parameters),
    ]


def model_name(result: ScoreResult) -> str:
    """Manufacturer's Model Name of every object: product and system."""
    return f"{MANUFACTURER} {result.system}"


def serial_number(result: ScoreResult) -> str:
    """Device Serial Number: version and the first digits of the weights' digest, for the eye."""
    return f"{result.system_version}+{result.weights_digest[:12]}"
