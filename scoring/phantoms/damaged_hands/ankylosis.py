"""What closes a joint space: the shadows of ends that overlap, and at last bone from one end to the other."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter

from scoring.phantoms.damaged_hands.joint_line import JointLine
from scoring.phantoms.damaged_hands.real_hand import Grey

_FROM_MM: Final = 2.6
"""The bone that fills the space is taken from this far behind either end."""
_SEAM_MM: Final = 1.5
_PATCH_MM: Final = 0.9
"""Patches of the two ends' bone change places at about this length."""


def bridged(pixels: Grey, line: JointLine, bone: float, chance: np.random.Generator) -> Grey:
    """The film with the bones' own trabeculae across the space; ``bone`` 0..1: how much of it is bone."""
    frame = line.frame
    part, along, across = frame.patch(pixels.shape, line.half_width + 3.0)
    middle = line.middle(across)
    from_line = along - middle
    noise = gaussian_filter(chance.normal(size=from_line.shape), _PATCH_MM * frame.mm)
    near_side = np.clip(0.5 + 0.5 * noise / (noise.std() + 1e-9) - 0.3 * from_line, 0.0, 1.0)
    before = frame.sampled(pixels, along - np.maximum(_FROM_MM + from_line, 0.8), across)
    after = frame.sampled(pixels, along + np.maximum(_FROM_MM - from_line, 0.8), across)
    filled = near_side * before + (1.0 - near_side) * after
    inside = np.clip((line.half_width - 0.4 - np.abs(across)) / 1.2, 0.0, 1.0)
    share = bone * inside * np.exp(-((from_line / _SEAM_MM) ** 2))
    new = pixels.copy()
    new[part] = (1.0 - share) * pixels[part] + share * filled
    return new
