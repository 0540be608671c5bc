"""How the two networks of the hand finder are learnt: one course each, in one part of a run's folder."""

from __future__ import annotations

from typing import Final

import torch

from scoring.anatomy.overview_loss import overview_loss
from scoring.anatomy.overview_material import PalmMaterial
from scoring.anatomy.overview_network import OverviewNetwork
from scoring.anatomy.site_material import SiteMaterial, site_loss
from scoring.anatomy.site_network import SiteNetwork
from scoring.learning.course import Course
from scoring.learning.progress import Progress, silent
from scoring.learning.run_folder import RunPart
from scoring.learning.training_loop import fit

OVERVIEW_EPOCHS: Final = 55
SITE_EPOCHS: Final = 26
_HANDS_A_STEP: Final = 30
"""On 40 views: half as many again have no hand, and a third of the hands share one."""
_SITE_BATCH: Final = 16
_RATE: Final = 4e-3
_WEIGHT_DECAY: Final = 1e-3


def learn_overview(
    material: PalmMaterial,
    epochs: int,
    seed: int,
    part: RunPart,
    *,
    loaders: int = 0,
    progress: Progress = silent,
) -> OverviewNetwork:
    """Train the overview from scratch. ``loaders``: processes that make batches ahead. TrainingError as of ``fit``."""
    torch.manual_seed(seed)
    network = OverviewNetwork()
    course = Course(epochs, _HANDS_A_STEP, _RATE, seed, warm_up=0.15, weight_decay=_WEIGHT_DECAY)
    fit(network, material, overview_loss, course, part, loaders=loaders, progress=progress)
    return network


def learn_sites(
    material: SiteMaterial,
    epochs: int,
    seed: int,
    part: RunPart,
    *,
    loaders: int = 0,
    progress: Progress = silent,
) -> SiteNetwork:
    """Train the site network from scratch, as ``learn_overview`` does."""
    torch.manual_seed(seed)
    network = SiteNetwork()
    course = Course(epochs, _SITE_BATCH, _RATE, seed, warm_up=0.12, weight_decay=_WEIGHT_DECAY)
    fit(network, material, site_loss, course, part, loaders=loaders, progress=progress)
    return network
