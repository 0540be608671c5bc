"""The scoring system: pictures judged, labelled, measured where they are calibrated, summed to fingers and patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from scoring.capillaroscopy.nailfold_in_view import NailfoldInView
from scoring.capillaroscopy.picture_measures import PictureMeasures
from scoring.capillaroscopy.picture_quality import ADVICE, PictureQuality
from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, MarksFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.networks.torch_start import start_torch
from scoring.quality import DIAGNOSTIC, LIMITED, NON_DIAGNOSTIC
from scoring.result import NotEvaluable, ScoreItem
from scoring.spec import SystemSpec
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.picture_examiner import PictureExaminer, SeenPicture
from scoring.systems.nailfold.picture_items import picture_items
from scoring.systems.nailfold.picture_place import place_pictures, taking_order
from scoring.systems.nailfold.picture_reading import PictureReading
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


def open_system(spec: SystemSpec) -> Nailfold:
    """Load gate, label network and capillary finder; WeightsError when a file is missing, changed or not listed."""
    start_torch()
    weights = read_weights_in_use(spec.weights_files)
    (pictures,) = weights.shared
    network = LabelNetwork.open(weights.own).packed()
    return Nailfold(spec, PictureExaminer(network, NailfoldInView.open(pictures), spec.longest_side), weights)


class Nailfold:
    """The system with its weights loaded. One job at a time."""

    def __init__(self, spec: SystemSpec, examiner: PictureExaminer, weights: WeightsInUse) -> None:
        self.spec: Final = spec
        self.weights: Final[tuple[WeightRecord, ...]] = weights.files
        self.statement: Final = weights.own.statement
        self._examiner = examiner

    def judge(self, pixels: Photograph, um_per_px: float | None) -> PictureQuality:
        """May one upright picture, of any size, be read: what ``score`` asks, for whoever can take another."""
        return self._examiner.judge(pixels, um_per_px)

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Read one to many pictures; see ``scoring.contract.ScoringSystem``. ``entered`` is not used."""
        ordered = sorted(images, key=lambda image: taking_order(image.reference))
        repeated = repeats(ordered)
        distinct = [image for image in ordered if image.reference.sop_instance_uid not in repeated]
        with ThreadPoolExecutor(_READERS) as readers:
            looks = list(readers.map(self._examiner.examine, distinct))
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
            heatmaps=tuple(self._examiner.heatmap(look) for look in seen if look.quality.fit),
            marks=tuple(_loops(reading, reading.measured) for reading in readings if reading.measured is not None),
            notes=(*remarks(readings, minimum), *_repeats_in_words(repeated)),
            left_out=left_out,
        )

    def _readings(self, looks: Sequence[SeenPicture]) -> list[PictureReading]:
        places = place_pictures([look.image.reference for look in looks])
        return [
            PictureReading(
                image=look.image,
                place=place,
                quality=look.quality,
                probabilities=look.said,
                present=self._examiner.present(look.said),
                measures=look.measures,
            )
            for look, place in zip(looks, places, strict=True)
        ]

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


def _loops(reading: PictureReading, found: PictureMeasures) -> MarksFinding:
    """On the grid of the stored picture."""
    scale = reading.image.scale
    places = [((loop.x + 0.5) / scale - 0.5, (loop.y + 0.5) / scale - 0.5, loop.diameter_um) for loop in found.loops]
    return MarksFinding(reading.uid, np.array(places, np.float32).reshape(-1, 3), _LOOPS)


def _repeats_in_words(repeated: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"A picture was left out: {why}." for why in dict.fromkeys(repeated.values()))
