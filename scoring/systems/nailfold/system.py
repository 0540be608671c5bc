"""The scoring system: pictures judged, labelled, measured where they are calibrated, summed to fingers and patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scoring.capillaroscopy.burned_in import CleanPicture, clean_picture
from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.picture_quality import ADVICE, PictureQuality, judge_picture
from scoring.capillaroscopy.view_gate import ROLE as GATE_ROLE
from scoring.capillaroscopy.view_gate import ViewGate
from scoring.coded_concept import CodedConcept
from scoring.contract import Findings, HeatmapFinding, MarksFinding, ScoringContext
from scoring.image import ScoringImage
from scoring.networks.torch_start import start_torch
from scoring.quality import DIAGNOSTIC, LIMITED, NON_DIAGNOSTIC
from scoring.result import NotEvaluable, ScoreItem
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.smaller_frame import smaller
from scoring.spec import SystemSpec
from scoring.systems.nailfold.interpretation import ABOUT, METHOD, LabelExplainer, heat_on_photograph
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.picture_items import picture_items
from scoring.systems.nailfold.picture_place import place_pictures, taking_order
from scoring.systems.nailfold.picture_reading import PictureReading, as_reported, um_per_px
from scoring.systems.nailfold.preprocessing import Photograph
from scoring.systems.nailfold.protocol import NailfoldProtocol
from scoring.systems.nailfold.remarks import remarks
from scoring.systems.nailfold.repeated_pictures import SAME_PICTURE, repeats
from scoring.systems.nailfold.totals import assessable_fingers, assessable_pictures, totals
from scoring.weights import WeightRecord, WeightsRecord, read_weights_record

_THREADS: Final = 1
"""Fixed, so that a result does not depend on how many cores a machine has."""
_NO_NAILFOLD: Final = "no_nailfold"
_LOOPS: Final = "capillary loops; apical diameter in um"
_DIGITS: Final = 6


def open_system(spec: SystemSpec) -> Nailfold:
    """Load gate, label network and capillary finder; WeightsError when a file is missing, changed or not listed."""
    start_torch(_THREADS)
    own, shared = (read_weights_record(path) for path in spec.weights_files)
    return Nailfold(
        spec, LabelNetwork.open(own), CapillaryFinder.open(shared), ViewGate.open(shared.file(GATE_ROLE)), (own, shared)
    )


class Nailfold:
    """The system with its weights loaded. One job at a time."""

    def __init__(
        self,
        spec: SystemSpec,
        network: LabelNetwork,
        finder: CapillaryFinder,
        gate: ViewGate,
        records: tuple[WeightsRecord, WeightsRecord],
    ) -> None:
        own, shared = records
        self.spec: Final = spec
        self.weights: Final[tuple[WeightRecord, ...]] = (*shared.files, *own.files)
        self.statement: Final = own.statement
        self._network = network
        self._finder = finder
        self._gate = gate
        self._explainer = LabelExplainer(network)

    def judge(self, pixels: Photograph, um_per_px: float | None) -> PictureQuality:
        """May one upright picture, of any size, be read: what ``score`` asks, for whoever can take another."""
        seen = pixels if self.spec.longest_side is None else smaller(pixels, self.spec.longest_side)
        scale = None if um_per_px is None else um_per_px * pixels.shape[1] / seen.shape[1]
        clean = clean_picture(seen).pixels
        (said,) = self._probabilities([self._network.picture(clean)])
        return self._judged(clean, scale, said)

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Read one to many pictures; see ``scoring.contract.ScoringSystem``. ``entered`` is not used."""
        ordered = sorted(images, key=lambda image: taking_order(image.reference))
        repeated = repeats(ordered)
        distinct = [image for image in ordered if image.reference.sop_instance_uid not in repeated]
        clean = [clean_picture(image.pixels) for image in distinct]
        pictures = [self._network.picture(one.pixels) for one in clean]
        said = self._probabilities(pictures)
        judged = [
            self._judged(one.pixels, um_per_px(image), found)
            for image, one, found in zip(distinct, clean, said, strict=True)
        ]
        seen = [n for n, quality in enumerate(judged) if _NO_NAILFOLD not in quality.faults]
        left_out = {uid: (SAME_PICTURE, why) for uid, why in repeated.items()} | {
            image.reference.sop_instance_uid: (_NO_NAILFOLD, ADVICE[_NO_NAILFOLD])
            for image, quality in zip(distinct, judged, strict=True)
            if _NO_NAILFOLD in quality.faults
        }
        if not seen:
            return self._no_nailfold(left_out)
        readings = self._readings(
            [distinct[n] for n in seen], [clean[n] for n in seen], [judged[n] for n in seen], [said[n] for n in seen]
        )
        items = tuple(item for reading in readings for item in picture_items(self.spec, reading))
        protocol = NailfoldProtocol()
        return Findings(
            items=items,
            totals=totals(self.spec, readings, items),
            quality=_quality(readings, protocol, all_seen=len(seen) == len(distinct)),
            heatmaps=self._heatmaps(readings, [pictures[n] for n in seen]),
            marks=tuple(_loops(reading, reading.measured) for reading in readings if reading.measured is not None),
            notes=(*remarks(readings, protocol), *_repeats_in_words(repeated)),
            left_out=left_out,
        )

    def _probabilities(self, pictures: Sequence[np.ndarray]) -> list[Mapping[NailfoldLabel, float]]:
        found = self._network.probabilities(np.stack(pictures))
        return [
            {label: round(float(p), _DIGITS) for label, p in zip(NAILFOLD_LABELS, one, strict=True)} for one in found
        ]

    def _judged(
        self, pixels: Photograph, um_per_px: float | None, said: Mapping[NailfoldLabel, float]
    ) -> PictureQuality:
        return judge_picture(
            pixels,
            um_per_px,
            said["too_blurry"],
            blur_threshold=self._network.thresholds["too_blurry"],
            nailfold_in_view=self._gate.sees_nailfold(pixels),
        )

    def _readings(
        self,
        images: Sequence[ScoringImage],
        clean: Sequence[CleanPicture],
        judged: Sequence[PictureQuality],
        said: Sequence[Mapping[NailfoldLabel, float]],
    ) -> list[PictureReading]:
        places = place_pictures([image.reference for image in images])
        return [
            PictureReading(
                image=image,
                place=place,
                quality=quality,
                probabilities=one,
                present={label: one[label] >= self._network.thresholds[label] for label in NAILFOLD_LABELS},
                measures=self._measured(image, picture, quality),
            )
            for image, picture, place, quality, one in zip(images, clean, places, judged, said, strict=True)
        ]

    def _measured(
        self, image: ScoringImage, clean: CleanPicture, quality: PictureQuality
    ) -> PictureMeasures | NotMeasured:
        """Nothing is measured on a picture that may not be read."""
        scale = um_per_px(image)
        if scale is None or not quality.fit:
            return NotMeasured("not_calibrated" if scale is None else "too_blurry")
        found = self._finder.measure(clean.pixels, scale, clean.hidden)
        return as_reported(found) if isinstance(found, PictureMeasures) else found

    def _heatmaps(
        self, readings: Sequence[PictureReading], pictures: Sequence[np.ndarray]
    ) -> tuple[HeatmapFinding, ...]:
        """Of the pictures on which the labels were judged."""
        fit = [n for n, reading in enumerate(readings) if reading.quality.fit]
        if not fit:
            return ()
        said = np.array([[readings[n].probabilities[label] for label in NAILFOLD_LABELS] for n in fit], np.float32)
        heat = self._explainer.heat(np.stack([pictures[n] for n in fit]), said)
        view = (self._network.shape.rows, self._network.shape.columns)
        return tuple(
            HeatmapFinding(
                readings[n].uid, heat_on_photograph(one, readings[n].image.pixels.shape, view), METHOD, ABOUT
            )
            for n, one in zip(fit, heat, strict=True)
        )

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


def _quality(readings: Sequence[PictureReading], protocol: NailfoldProtocol, *, all_seen: bool) -> CodedConcept:
    """Of the visit: diagnostic where every picture could be read, not at all below the protocol's minimum."""
    if not protocol.fulfilled(assessable_fingers(readings), assessable_pictures(readings)):
        return NON_DIAGNOSTIC
    return DIAGNOSTIC if all_seen and all(reading.quality.fit for reading in readings) else LIMITED


def _loops(reading: PictureReading, found: PictureMeasures) -> MarksFinding:
    """On the grid of the stored picture."""
    scale = reading.image.scale
    places = [((loop.x + 0.5) / scale - 0.5, (loop.y + 0.5) / scale - 0.5, loop.diameter_um) for loop in found.loops]
    return MarksFinding(reading.uid, np.array(places, np.float32).reshape(-1, 3), _LOOPS)


def _repeats_in_words(repeated: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"A picture was left out: {why}." for why in dict.fromkeys(repeated.values()))
