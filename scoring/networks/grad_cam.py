"""Grad-CAM by MONAI (Selvaraju et al. 2017) without two of its habits."""

from __future__ import annotations

from torch import Tensor, nn

from scoring.networks.monai_start import GradCAM


def grad_cam(explained: nn.Module, layer: str) -> GradCAM:
    """Maps of one layer, as they are.

    MONAI puts a module back into the mode it found: in training mode the network would drop out ever after. And its
    post-processing turns the map round: hottest becomes 0.
    """
    return GradCAM(explained.eval(), layer, postprocessing=_unchanged)


def _unchanged(maps: Tensor) -> Tensor:
    return maps
