"""The scoring systems of this node, each with the weights that ``[scoring]`` names for it."""

from __future__ import annotations

from dicom_node.errors import SettingsError
from dicom_node.settings import ScoringSection
from scoring.catalogue import check_weights, known_systems
from scoring.chosen_weights import with_weights_of
from scoring.errors import BundleError, SpecError
from scoring.spec import SystemSpec


def systems_in_use(scoring: ScoringSection) -> tuple[SystemSpec, ...]:
    """The systems that the settings name; when none is named all that have weights, their own or chosen ones.

    Raises SettingsError, a line for each fault, for a key that no system has, and for weights that are not what they
    were sealed as or are of another system; WeightsError for a system that is named and has none.
    """
    known = {spec.key: spec for spec in known_systems()}
    allowed = f"allowed: {', '.join(known)}"
    faults = [f"scoring.systems: got {key!r}, {allowed}" for key in scoring.systems if key not in known]
    faults += [f"scoring.weights: got the key {key!r}, {allowed}" for key in scoring.weights if key not in known]
    for key in sorted(scoring.weights.keys() & known.keys()):
        try:
            known[key] = with_chosen_weights(known[key], scoring)
        except (SpecError, BundleError) as error:
            faults.append(f"scoring.weights.{key}: got {str(scoring.weights[key])!r}. {error}")
    if faults:
        raise SettingsError(f"[scoring] has {len(faults)} fault(s):\n" + "\n".join(f"  {f}" for f in faults))
    if not scoring.systems:
        return tuple(spec for spec in known.values() if spec.has_weights)
    named = tuple(spec for spec in known.values() if spec.key in scoring.systems)
    for spec in named:
        check_weights(spec)
    return named


def with_chosen_weights(spec: SystemSpec, scoring: ScoringSection) -> SystemSpec:
    """The system with the weights that the settings name for it; as it is when they name none."""
    folder = scoring.weights.get(spec.key)
    return spec if folder is None else with_weights_of(spec, folder)
