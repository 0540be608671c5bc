"""What a learnt ensemble is kept in: one file for each member, and one for how they go together."""

from __future__ import annotations

from safetensors.torch import save

from scoring.learning.run_files import RunFiles
from scoring.networks.compact_weights import compact_weights
from scoring.systems.svdh_hands.ensemble_file import ENSEMBLE_FILE, ENSEMBLE_ROLE, ensemble_of, ensemble_text
from scoring.systems.svdh_hands.learning import Learnt
from scoring.systems.svdh_hands.training_recipe import TrainingRecipe
from scoring.weights import WeightRecord


def write_ensemble(files: RunFiles, recipe: TrainingRecipe, learnt: Learnt) -> tuple[WeightRecord, ...]:
    """The members' weights and how they go together. TrainingError when the disk does not take them."""
    shape = ensemble_text(ensemble_of(recipe, learnt.stack)).encode()
    records = [files.write(ENSEMBLE_ROLE, ENSEMBLE_FILE, shape)]
    for name, network in learnt.networks.items():
        records.append(files.write(name, f"{name}.safetensors", save(compact_weights(network))))
    return tuple(records)
