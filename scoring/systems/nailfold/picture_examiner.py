"""What is asked of one picture by itself, whatever its place: may it be read, which labels has it, what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.burned_in_ink import Mask
from scoring.capillaroscopy.capillary_finder import CapillarySight
from scoring.capillaroscopy.nailfold_in_view import NailfoldInView
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.picture_quality import PictureQuality, judge_picture
from scoring.contract import HeatmapFinding
from scoring.image import ScoringImage
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.smaller_frame import smaller
from scoring.systems.nailfold.interpretation import ABOUT, METHOD, explained, heat_on_photograph
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.picture_reading import as_reported, um_per_px
from scoring.systems.nailfold.preprocessing import Photograph

_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """What was seen on one picture, before its place among the others is known."""

    image: ScoringImage
    quality: PictureQuality
    said: Mapping[NailfoldLabel, float]
    """Probability of each label."""
    measures: PictureMeasures | NotMeasured
    heat: npt.NDArray[np.float32]
    """Where the network looked, on the coarse grid of its last map, 0..1."""


class PictureExaminer:
    """The networks, loaded, that one picture is shown to. Safe from several threads."""

    def __init__(self, network: LabelNetwork, view: NailfoldInView, longest_side: int | None) -> None:
        """``longest_side``: pixels; larger pictures come smaller to ``examine``, and are made so by ``judge``."""
        self._network, self._view, self._longest_side = network, view, longest_side

    def judge(self, pixels: Photograph, um_per_px: float | None) -> PictureQuality:
        """May one upright picture, of any size, be read: what ``examine`` asks first."""
        seen = pixels if self._longest_side is None else smaller(pixels, self._longest_side)
        scale = None if um_per_px is None else um_per_px * pixels.shape[1] / seen.shape[1]
        clean = clean_picture(seen).pixels
        (said,) = self._network.probabilities(self._network.picture(clean)[None])
        return self._judged(clean, scale, _by_label(said), self._view.look(clean, scale))

    def examine(self, image: ScoringImage) -> SeenPicture:
        """All that is asked of one picture."""
        clean = clean_picture(image.pixels)
        seen = explained(self._network, self._network.picture(clean.pixels)[None])
        said = _by_label(seen.probabilities[0])
        scale = um_per_px(image)
        sight = self._view.look(clean.pixels, scale)
        quality = self._judged(clean.pixels, scale, said, sight)
        measures = self._measured(sight if quality.fit else None, clean.hidden)
        return SeenPicture(image, quality, said, measures, seen.heat[0])

    def present(self, said: Mapping[NailfoldLabel, float]) -> Mapping[NailfoldLabel, bool]:
        """Which labels are said to be there, at the locked thresholds."""
        return {label: said[label] >= self._network.thresholds[label] for label in NAILFOLD_LABELS}

    def heatmap(self, seen: SeenPicture) -> HeatmapFinding:
        """Of a picture on which the labels were judged."""
        view = (self._network.shape.rows, self._network.shape.columns)
        grid = heat_on_photograph(seen.heat, seen.image.pixels.shape, view)
        return HeatmapFinding(seen.image.reference.sop_instance_uid, grid, METHOD, ABOUT)

    def _judged(
        self,
        pixels: Photograph,
        um_per_px: float | None,
        said: Mapping[NailfoldLabel, float],
        sight: CapillarySight | None,
    ) -> PictureQuality:
        return judge_picture(
            pixels,
            um_per_px,
            said["too_blurry"],
            blur_threshold=self._network.thresholds["too_blurry"],
            nailfold_in_view=sight is not None,
        )

    def _measured(self, sight: CapillarySight | None, hidden: Mask | None) -> PictureMeasures | NotMeasured:
        """Nothing is measured on a picture that may not be read: of that there is no sight."""
        if sight is None:
            return NotMeasured("not_sharp")
        found = self._view.finder.measured(sight, hidden)
        return as_reported(found) if isinstance(found, PictureMeasures) else found


def _by_label(said: npt.NDArray[np.float32]) -> Mapping[NailfoldLabel, float]:
    """(5,) of the network, in the digits that a report gives."""
    return {label: round(float(p), _DIGITS) for label, p in zip(NAILFOLD_LABELS, said, strict=True)}
