"""Skin tones on the Monk scale, 1 to 10, and the colours that light takes on its way through skin.

Light that comes back from skin is what the dermis scatters, weakened by melanin above it and by blood within it
(Beer-Lambert). Melanin rises evenly along the scale (Monk E, Monk Skin Tone Scale, 2019; its steps are about equal in
lightness); coefficients of the three channels of a camera are rounded from the spectra of haemoglobin and melanin
(Jacques SL, Phys Med Biol 2013;58:R37-R61). Fitzpatrick types have no exact place here: I is about 1, VI about 9.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Colour = npt.NDArray[np.float32]
"""Red, green, blue: linear light, 0..1, or an absorbance."""
ToneGroup = Literal["light", "medium", "dark"]

LIGHTEST, DARKEST = 1.0, 10.0


def colour(red: float, green: float, blue: float) -> Colour:
    """The three channels."""
    return np.array((red, green, blue), np.float32)


DERMIS: Final = colour(0.80, 0.535, 0.43)
"""Reflectance of skin without melanin, its fine vessels included."""
MELANIN: Final = colour(0.49, 0.67, 0.82)
BLOOD_PER_UM: Final = colour(0.0062, 0.0330, 0.0270)
"""Of light in the channel, for each micrometre that it goes through blood, half of it without oxygen."""
OLD_BLOOD_PER_UM: Final = colour(0.0150, 0.0310, 0.0330)
"""Out of its vessel haemoglobin turns brown."""
CUTICLE: Final = colour(0.84, 0.69, 0.55)
NAIL: Final = colour(0.83, 0.66, 0.60)


def melanin_of(tone: float) -> float:
    """Absorbance of the epidermis at a place of the Monk scale, in units of ``MELANIN``."""
    return 0.05 + 0.22 * (tone - LIGHTEST)


def tone_group(tone: float) -> ToneGroup:
    """Thirds for tables: 1 to 4, over 4 to 7, over 7."""
    return "light" if tone <= 4 else "medium" if tone <= 7 else "dark"
