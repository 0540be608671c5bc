"""The scoring systems of this node, each with the weights that ``[scoring]`` names for it."""

from __future__ import annotations

from dicom_node.settings import ScoringSection
from scoring.catalogue import find_spec, list_systems
from scoring.chosen_weights import with_weights_of
from scoring.spec import SystemSpec


def systems_in_use(scoring: ScoringSection) -> tuple[SystemSpec, ...]:
    """The installed systems that the settings name; all of them when none is named.

    Raises UnknownSystemError for a key that no system has; SpecError or BundleError, with the folder, for weights that
    are not what they were sealed as.
    """
    for key in (*scoring.systems, *scoring.weights):
        find_spec(key)
    used = (spec for spec in list_systems() if not scoring.systems or spec.key in scoring.systems)
    return tuple(with_chosen_weights(spec, scoring) for spec in used)


def with_chosen_weights(spec: SystemSpec, scoring: ScoringSection) -> SystemSpec:
    """The system with the weights that the settings name for it; as it is when they name none."""
    folder = scoring.weights.get(spec.key)
    return spec if folder is None else with_weights_of(spec, folder)
