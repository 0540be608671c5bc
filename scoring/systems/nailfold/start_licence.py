"""Under which licence the published weights are from which a recipe begins, and who must not use them."""

from __future__ import annotations

from typing import Final

from scoring.errors import TrainingError
from scoring.licences import forbids_commercial_use
from scoring.networks.torch_start import mend_torchvision
from scoring.systems.nailfold.training_recipe import TrainingRecipe

UNKNOWN: Final = "unknown"


def start_licence(recipe: TrainingRecipe) -> str:
    """The licence of the weights as timm states it (``cc-by-nc-4.0``, ``apache-2.0``); empty where there are none.

    A file is taken for the published weights of its backbone. ``unknown`` where timm states nothing.
    """
    if not recipe.has_published_start:
        return ""
    mend_torchvision()
    from timm.models import get_pretrained_cfg

    published = get_pretrained_cfg(recipe.backbone)
    return (published.license if published else None) or UNKNOWN


def refuse_start(recipe: TrainingRecipe) -> None:
    """TrainingError where the recipe is for commercial use and its start forbids that, or does not say."""
    licence = start_licence(recipe)
    if recipe.commercial and licence and (licence == UNKNOWN or forbids_commercial_use(licence)):
        raise TrainingError(
            f"The published weights of {recipe.backbone} are under the licence {licence}, and the recipe says "
            'commercial = true. Take weights that allow it (backbone = "convnext_tiny", Apache-2.0), or begin '
            'untrained (start = "none").'
        )
