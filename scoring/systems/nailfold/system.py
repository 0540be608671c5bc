"""The scoring system: pictures judged, labelled, measured where they are calibrated, summed to fingers and patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.burned_in_ink import Mask
from scoring.capillaroscopy.capillary_finder import CapillarySight
from scoring.capillaroscopy.nailfold_in_view import NailfoldInView
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.picture_quality import ADVICE, PictureQuality, judge_picture
from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, HeatmapFinding, MarksFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.networks.torch_start import start_torch
from scoring.quality import DIAGNOSTIC, LIMITED, NON_DIAGNOSTIC
from scoring.result import NotEvaluable, ScoreItem
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.smaller_frame import smaller
from scoring.spec import SystemSpec
from scoring.systems.nailfold.interpretation import ABOUT, METHOD, explained, heat_on_photograph
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.picture_items import picture_items
from scoring.systems.nailfold.picture_place import place_pictures, taking_order
from scoring.systems.nailfold.picture_reading import PictureReading, as_reported, um_per_px
from scoring.systems.nailfold.preprocessing import Photograph
from scoring.systems.nailfold.protocol import VisitMinimum
from scoring.systems.nailfold.remarks import remarks
from scoring.systems.nailfold.repeated_pictures import SAME_PICTURE, repeats
from scoring.systems.nailfold.totals import totals
from scoring.weights import WeightRecord, WeightsInUse, read_weights_in_use

_READERS: Final = 2
"""Pictures that are read at once, each by a thread of its own: their number changes nothing of what is found."""
_NO_NAILFOLD: Final = "no_nailfold"
_LOOPS: Final = "capillary loops; apical diameter in um"
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class PictureLook:
    """What was seen on one picture by itself, before its place among the others is known."""

    image: ScoringImage
    quality: PictureQuality
    said: Mapping[NailfoldLabel, float]
    """Probability of each label."""
    measures: PictureMeasures | NotMeasured
    heat: npt.NDArray[np.float32]
    """Where the network looked, on the coarse grid of its last map, 0..1."""


def open_system(spec: SystemSpec) -> Nailfold:
    """Load gate, label network and capillary finder; WeightsError when a file is missing, changed or not listed."""
    start_torch()
    weights = read_weights_in_use(spec.weights_files)
    (pictures,) = weights.shared
    network = LabelNetwork.open(weights.own).packed()
    return Nailfold(spec, network, NailfoldInView.open(pictures), weights)


class Nailfold:
    """The system with its weights loaded. One job at a time."""

    def __init__(
        self,
        spec: SystemSpec,
        network: LabelNetwork,
        view: NailfoldInView,
        weights: WeightsInUse,
    ) -> None:
        self.spec: Final = spec
        self.weights: Final[tuple[WeightRecord, ...]] = weights.files
        self.statement: Final = weights.own.statement
        self._network = network
        self._view = view

    def judge(self, pixels: Photograph, um_per_px: float | None) -> PictureQuality:
        """May one upright picture, of any size, be read: what ``score`` asks, for whoever can take another."""
        seen = pixels if self.spec.longest_side is None else smaller(pixels, self.spec.longest_side)
        scale = None if um_per_px is None else um_per_px * pixels.shape[1] / seen.shape[1]
        clean = clean_picture(seen).pixels
        (said,) = self._network.probabilities(self._network.picture(clean)[None])
        return self._judged(clean, scale, _by_label(said), self._view.look(clean, scale))

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Read one to many pictures; see ``scoring.contract.ScoringSystem``. ``entered`` is not used."""
        ordered = sorted(images, key=lambda image: taking_order(image.reference))
        repeated = repeats(ordered)
        distinct = [image for image in ordered if image.reference.sop_instance_uid not in repeated]
        with ThreadPoolExecutor(_READERS) as readers:
            looks = list(readers.map(self._look, distinct))
        seen = [look for look in looks if _NO_NAILFOLD not in look.quality.faults]
        left_out = {uid: (SAME_PICTURE, why) for uid, why in repeated.items()} | {
            look.image.reference.sop_instance_uid: (_NO_NAILFOLD, ADVICE[_NO_NAILFOLD])
            for look in looks
            if _NO_NAILFOLD in look.quality.faults
        }
        if not seen:
            return self._no_nailfold(left_out)
        readings = self._readings(seen)
        items = tuple(item for reading in readings for item in picture_items(self.spec, reading))
        minimum = VisitMinimum.of(self.spec)
        return Findings(
            items=items,
            totals=totals(self.spec, readings, items),
            quality=_quality(readings, minimum, all_seen=len(seen) == len(distinct)),
            heatmaps=tuple(self._heatmap(look) for look in seen if look.quality.fit),
            marks=tuple(_loops(reading, reading.measured) for reading in readings if reading.measured is not None),
            notes=(*remarks(readings, minimum), *_repeats_in_words(repeated)),
            left_out=left_out,
        )

    def _look(self, image: ScoringImage) -> PictureLook:
        """All that is asked of one picture by itself. Safe from several threads."""
        clean = clean_picture(image.pixels)
        seen = explained(self._network, self._network.picture(clean.pixels)[None])
        said = _by_label(seen.probabilities[0])
        scale = um_per_px(image)
        sight = self._view.look(clean.pixels, scale)
        quality = self._judged(clean.pixels, scale, said, sight)
        measures = self._measured(sight if quality.fit else None, clean.hidden)
        return PictureLook(image, quality, said, measures, seen.heat[0])

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

    def _readings(self, looks: Sequence[PictureLook]) -> list[PictureReading]:
        places = place_pictures([look.image.reference for look in looks])
        return [
            PictureReading(
                image=look.image,
                place=place,
                quality=look.quality,
                probabilities=look.said,
                present={label: look.said[label] >= self._network.thresholds[label] for label in NAILFOLD_LABELS},
                measures=look.measures,
            )
            for look, place in zip(looks, places, strict=True)
        ]

    def _measured(self, sight: CapillarySight | None, hidden: Mask | None) -> PictureMeasures | NotMeasured:
        """Nothing is measured on a picture that may not be read: of that there is no sight."""
        if sight is None:
            return NotMeasured("too_blurry")
        found = self._view.finder.measured(sight, hidden)
        return as_reported(found) if isinstance(found, PictureMeasures) else found

    def _heatmap(self, look: PictureLook) -> HeatmapFinding:
        """Of a picture on which the labels were judged."""
        view = (self._network.shape.rows, self._network.shape.columns)
        grid = heat_on_photograph(look.heat, look.image.pixels.shape, view)
        return HeatmapFinding(look.image.reference.sop_instance_uid, grid, METHOD, ABOUT)

    def _no_nailfold(self, left_out: Mapping[str, tuple[str, str]]) -> Findings:
        return Findings(
            items=(),
            totals=(),
            quality=NON_DIAGNOSTIC,
            not_evaluable=NotEvaluable(
                self.spec.reasons[_NO_NAILFOLD],
                f"None of {len(left_out)} pictures shows a nailfold. {ADVICE[_NO_NAILFOLD]}",
            ),
            left_out=left_out,
        )


def _quality(readings: Sequence[PictureReading], minimum: VisitMinimum, *, all_seen: bool) -> CodedConcept:
    """Of the visit: diagnostic where every picture could be read, not at all below the minimum."""
    if not minimum.fulfilled(readings):
        return NON_DIAGNOSTIC
    return DIAGNOSTIC if all_seen and all(reading.quality.fit for reading in readings) else LIMITED


def _by_label(said: npt.NDArray[np.float32]) -> Mapping[NailfoldLabel, float]:
    """(5,) of the network, in the digits that a report gives."""
    return {label: round(float(p), _DIGITS) for label, p in zip(NAILFOLD_LABELS, said, strict=True)}


def _loops(reading: PictureReading, found: PictureMeasures) -> MarksFinding:
    """On the grid of the stored picture."""
    scale = reading.image.scale
    places = [((loop.x + 0.5) / scale - 0.5, (loop.y + 0.5) / scale - 0.5, loop.diameter_um) for loop in found.loops]
    return MarksFinding(reading.uid, np.array(places, np.float32).reshape(-1, 3), _LOOPS)


def _repeats_in_words(repeated: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"A picture was left out: {why}." for why in dict.fromkeys(repeated.values()))
