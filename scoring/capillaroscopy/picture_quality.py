"""Is a picture fit to be read as a nailfold: a coded verdict (RadLex), what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.capillaroscopy.sharpness import Pixels, Plane, sharpness
from scoring.coded_concept import CodedConcept
from scoring.quality import DIAGNOSTIC, NON_DIAGNOSTIC

LEAST_SHARPNESS: Final = 0.036
"""Of 400 phantoms 84 % of the blurred ones (16 to 34 micrometres) lie below it and 2.5 % of the sharp ones (2 to 9);
the area under the curve is 0.984. A network that learnt blur knows better."""
DARKEST: Final = 0.25
"""Brightness under which 95 of 100 pixels lie: phantoms of the darkest skin reach 0.58."""
BRIGHTEST: Final = 0.88
"""Median brightness of the lens's field; phantoms of the lightest skin reach 0.69."""
MOST_SHINE: Final = 0.10
"""Share of the field that is white; phantoms with shine have up to 0.01, feet under a ceiling lamp up to 0.07."""
_WHITE: Final = 0.92
_FIELD_FROM: Final = 0.08
"""What is darker in all three channels lies outside the field of the lens."""
_LOOKED_AT: Final = 256
_LUMA: Final = np.array((0.299, 0.587, 0.114), np.float32)

ADVICE: Final[Mapping[str, str]] = {
    "under_exposed": "Too dark: switch the lamp of the lens on and take it again.",
    "over_exposed": "Too bright: let the phone measure the light on the skin (touch it on the screen), take it again.",
    "no_nailfold": "No nailfold in sight: put the lens on the skin just behind the nail and take it again.",
    "glare": "Too much shine: put a drop of oil on the nailfold, lay the lens on it flat and take it again.",
    "too_blurry": "Too blurry: hold the lens still on the oil and take it again.",
}


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """``faults``: keys of the reasons in a system's spec, the one that weighs most first; ``advice``: "" when fit."""

    verdict: CodedConcept
    faults: tuple[str, ...]
    advice: str

    @property
    def fit(self) -> bool:
        """May the picture be read."""
        return not self.faults


def judge_picture(
    pixels: Pixels,
    um_per_px: float | None = None,
    blur_probability: float | None = None,
    *,
    blur_threshold: float = 0.5,
    nailfold_in_view: bool | None = None,
) -> PictureQuality:
    """Judge one upright picture; without a scale it is taken to show the usual 1.4 mm across.

    ``blur_probability``: of a network that learnt it; it then decides instead of the measured sharpness.
    ``nailfold_in_view``: what the view gate says, None where it was not asked. On a picture too dark or too bright
    nothing else is judged, and what is no nailfold is not told to be held still.
    """
    field, brightness = _looked_at(pixels)
    faults = _exposure(field, brightness)
    if not faults and nailfold_in_view is False:
        faults = ("no_nailfold",)
    if not faults:
        blurred = (
            sharpness(pixels, um_per_px) < LEAST_SHARPNESS
            if blur_probability is None
            else blur_probability >= blur_threshold
        )
        shining = float((brightness[field] > _WHITE).mean()) > MOST_SHINE
        faults = tuple(fault for fault, found in (("glare", shining), ("too_blurry", blurred)) if found)
    return PictureQuality(NON_DIAGNOSTIC if faults else DIAGNOSTIC, faults, " ".join(ADVICE[fault] for fault in faults))


def _exposure(field: npt.NDArray[np.bool_], brightness: Plane) -> tuple[str, ...]:
    if np.percentile(brightness, 95) < DARKEST:
        return ("under_exposed",)
    return ("over_exposed",) if np.median(brightness[field]) > BRIGHTEST else ()


def _looked_at(pixels: Pixels) -> tuple[npt.NDArray[np.bool_], Plane]:
    """The field of the lens and the brightness, at single pixels of a coarse grid: a mean would hide white specks."""
    step = max(1, max(pixels.shape[:2]) // _LOOKED_AT)
    seen = np.asarray(pixels[::step, ::step], np.float32) / np.float32(255 if pixels.dtype == np.uint8 else 1)
    red, green, blue = seen[..., 0], seen[..., 1], seen[..., 2]
    field = np.maximum(np.maximum(red, green), blue) > _FIELD_FROM
    return field, np.asarray(seen @ _LUMA, np.float32)
