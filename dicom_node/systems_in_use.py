"""The scoring systems of this node, each with the weights that ``[scoring]`` names for it."""

from __future__ import annotations

from dicom_node.settings import ScoringSection
from scoring.catalogue import check_weights, find_spec, known_systems
from scoring.chosen_weights import with_weights_of
from scoring.spec import SystemSpec


def systems_in_use(scoring: ScoringSection) -> tuple[SystemSpec, ...]:
    """The systems that the settings name; when none is named all that have weights, their own or chosen ones.

    Raises UnknownSystemError for a key that no system has; SpecError or BundleError, with the folder, for weights that
    are not what they were sealed as; WeightsError for a system that is named and has none.
    """
    for key in (*scoring.systems, *scoring.weights):
        find_spec(key)
    known = [with_chosen_weights(spec, scoring) for spec in known_systems()]
    if not scoring.systems:
        return tuple(spec for spec in known if spec.has_weights)
    named = tuple(spec for spec in known if spec.key in scoring.systems)
    for spec in named:
        check_weights(spec)
    return named


def with_chosen_weights(spec: SystemSpec, scoring: ScoringSection) -> SystemSpec:
    """The system with the weights that the settings name for it; as it is when they name none."""
    folder = scoring.weights.get(spec.key)
    return spec if folder is None else with_weights_of(spec, folder)
