"""The scoring systems of this node, with the weights that ``[scoring]`` names, ruled by the trial's protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dicom_node.errors import SettingsError
from dicom_node.settings import NodeSettings, ScoringSection, TrialSection
from scoring.catalogue import check_weights, known_systems
from scoring.chosen_weights import with_weights_of
from scoring.errors import BundleError, ProtocolError, SpecError
from scoring.licences import forbids_commercial_use
from scoring.spec import SystemSpec
from scoring.trial import TrialProtocol, read_protocol
from scoring.weights import all_weights

_NO_TRIAL: Final = TrialSection()


def systems_in_use(scoring: ScoringSection, trial: TrialSection = _NO_TRIAL) -> tuple[SystemSpec, ...]:
    """The systems that the settings name; when none is named all that have weights, their own or chosen ones.

    Raises SettingsError, a line for each fault, for a key that no system has, for weights that are not what they were
    sealed as or are of another system, for weights that must not be used commercially where ``scoring.commercial``
    says that they are, and for a protocol that is wrong; WeightsError for a system that is named and has none.
    """
    protocol = protocol_of(trial)
    known = {spec.key: spec for spec in known_systems()}
    allowed = f"allowed: {', '.join(known)}"
    faults = [f"scoring.systems: got {key!r}, {allowed}" for key in scoring.systems if key not in known]
    faults += [f"scoring.weights: got the key {key!r}, {allowed}" for key in scoring.weights if key not in known]
    for key in sorted(scoring.weights.keys() & known.keys()):
        try:
            known[key] = with_chosen_weights(known[key], scoring)
        except (SpecError, BundleError) as error:
            faults.append(f"scoring.weights.{key}: got {str(scoring.weights[key])!r}. {error}")
    _refuse(faults)
    if scoring.systems:
        used = tuple(spec for spec in known.values() if spec.key in scoring.systems)
        for spec in used:
            check_weights(spec)
    else:
        used = tuple(spec for spec in known.values() if spec.has_weights)
    if scoring.commercial:
        _refuse([fault for spec in used for fault in forbidden_weights(spec)])
    return tuple(protocol.ruling(spec) for spec in used) if protocol else used


def as_set(spec: SystemSpec, settings: NodeSettings) -> SystemSpec:
    """One system with its weights and as the trial wants it. Raises as ``systems_in_use`` does."""
    chosen, protocol = with_chosen_weights(spec, settings.scoring), protocol_of(settings.trial)
    return protocol.ruling(chosen) if protocol else chosen


def protocol_of(trial: TrialSection) -> TrialProtocol | None:
    """The trial's protocol, if one is set; SettingsError when it is wrong."""
    if trial.protocol is None:
        return None
    try:
        return read_protocol(trial.protocol, known_systems())
    except ProtocolError as error:
        raise SettingsError(f"trial.protocol: got {str(trial.protocol)!r}. {error}") from None


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise SettingsError(f"[scoring] has {len(faults)} fault(s):\n" + "\n".join(f"  {f}" for f in faults))


def forbidden_weights(spec: SystemSpec) -> list[str]:
    """A fault for each licence of the system's weights that forbids commercial use."""
    licences: dict[str, list[str]] = {}
    for weight in all_weights(spec.weights_files):
        if forbids_commercial_use(weight.licence):
            licences.setdefault(weight.licence, []).append(weight.path.name)
    faults = []
    for licence, names in licences.items():
        faults.append(
            f"scoring.commercial: got true, and {', '.join(names)} of {spec.key} have the licence {licence!r}. Name "
            f"weights that allow it in scoring.weights, or leave {spec.key} out of scoring.systems."
        )
    return faults


def with_chosen_weights(spec: SystemSpec, scoring: ScoringSection) -> SystemSpec:
    """The system with the weights that the settings name for it; as it is when they name none."""
    folder = scoring.weights.get(spec.key)
    return spec if folder is None else with_weights_of(spec, folder)
