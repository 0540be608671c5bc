"""From which certainty on a maximum is counted as a capillary: where as many are counted as there are.

Chosen on the patients of the calibration, whom the network has not learnt from; figures are of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scoring.capillaroscopy.picture_measures import PictureMeasures
from scoring.capillaroscopy.unseen_pictures import MeasuredPicture

LOOKED_AT_FROM: Final = 0.1
"""With this limit pictures are measured to choose the limit; no lower one can be chosen."""
_DIGITS: Final = 3


def chosen_certainty(pictures: Sequence[MeasuredPicture]) -> float:
    """The certainty of the n-th surest loop, n the number of capillaries in sight on sharp measured pictures."""
    measured = [(p, p.found) for p in pictures if not p.too_blurry and isinstance(p.found, PictureMeasures)]
    true = sum(len(picture.tips_um) for picture, _ in measured)
    sure = sorted((loop.certainty for _, found in measured for loop in found.loops), reverse=True)
    return round(sure[true - 1], _DIGITS) if 0 < true <= len(sure) else LOOKED_AT_FROM


def counted_from(picture: MeasuredPicture, least: float) -> MeasuredPicture:
    """The same picture, measured with a higher limit."""
    found = picture.found
    if not isinstance(found, PictureMeasures):
        return picture
    loops = tuple(loop for loop in found.loops if loop.certainty >= least)
    widest = max((loop.diameter_um for loop in loops), default=None)
    counted = replace(found, loops=loops, density_per_mm=len(loops) / found.row_mm, widest_um=widest)
    return replace(picture, found=counted)
