"""What is said of a nailfold picture: five labels, the shapes of capillaries, and the limits that divide them.

The labels are those of Maldonado G et al., Arthritis Rheumatol 2025;77(suppl 9), abstract 1954. The limits are those of
the EULAR Study Group on Microcirculation in Rheumatic Diseases as Smith V et al. summarise them (Autoimmun Rev
2020;19:102458); the one for blur is ours. Confirm them against the papers before they carry a clinical claim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

NailfoldLabel = Literal["abnormal_shape", "giant", "haemorrhage", "low_density", "too_blurry"]
Finger = Literal["THUMB", "INDEX", "MIDDLE", "RING", "LITTLE"]
Shape = Literal["hairpin", "tortuous", "crossing", "branching", "ramified", "coiled"]

FEATURES: Final[tuple[NailfoldLabel, ...]] = ("abnormal_shape", "giant", "haemorrhage", "low_density")
"""Not assessable where the picture is too blurry."""
NAILFOLD_LABELS: Final[tuple[NailfoldLabel, ...]] = (*FEATURES, "too_blurry")
FINGERS: Final[tuple[Finger, ...]] = ("THUMB", "INDEX", "MIDDLE", "RING", "LITTLE")
NORMAL_SHAPES: Final[frozenset[Shape]] = frozenset(("hairpin", "tortuous", "crossing"))
"""Limbs may bend, and cross once or twice; every other shape is abnormal."""

GIANT_ABOVE_UM: Final = 50.0
"""Apical diameter."""
ENLARGED_FROM_UM: Final = 20.0
LOW_DENSITY_BELOW_PER_MM: Final = 7.0
"""Capillaries of the distal row per millimetre of it."""
TOO_BLURRY_FROM_UM: Final = 12.0
"""Standard deviation of the blur. Two lines that are 24 micrometres apart, as the limbs of a normal capillary are at
most, merge into one when it exceeds half their distance (Sparrow's limit)."""


def labels_of_picture(
    shapes: Collection[Shape],
    diameters_um: Collection[float],
    haemorrhages: int,
    density_per_mm: float,
    blur_um: float,
) -> Mapping[NailfoldLabel, bool | None]:
    """The five labels of one picture from what is visible on it; features of a blurry one are ``None``."""
    if blur_um >= TOO_BLURRY_FROM_UM:
        return {**dict.fromkeys(FEATURES), "too_blurry": True}
    return {
        "abnormal_shape": any(shape not in NORMAL_SHAPES for shape in shapes),
        "giant": any(diameter > GIANT_ABOVE_UM for diameter in diameters_um),
        "haemorrhage": haemorrhages > 0,
        "low_density": density_per_mm < LOW_DENSITY_BELOW_PER_MM,
        "too_blurry": False,
    }
