"""Find and measure the capillaries of the distal row on a calibrated picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from scoring.capillaroscopy.apex_peaks import row_mm, seen_loops
from scoring.capillaroscopy.burned_in_ink import Mask
from scoring.capillaroscopy.capillary_network import UM_PER_PX, CapillaryNetwork, NailfoldMaps
from scoring.capillaroscopy.measure_calibration import DENSITY, WIDEST, read_measure_calibration
from scoring.capillaroscopy.picture_measures import Interval, Loop, NotMeasured, PictureMeasures, WhyNot
from scoring.capillaroscopy.row_scatter import apart_mm
from scoring.capillaroscopy.scaled_view import contrast, hidden_view, padded, scaled_view
from scoring.capillaroscopy.sharpness import USUAL_FIELD_UM, Pixels
from scoring.networks.torch_start import load_weights
from scoring.uncertainty.calibration import Calibration
from scoring.weights import WeightsRecord

ROLE: Final = "capillary_finder"
"""Of the network among the files of weights.toml."""
_COARSEST_UM: Final = 10.0
"""Coarser pixels do not tell the limbs of a capillary apart."""
_FINEST_UM: Final = 0.02
_WIDEST_FIELD_MM: Final = 8.0
"""No lens that shows capillaries shows more: a scale that says so is wrong."""
_LEAST_FIELD_MM: Final = 0.2
_LEAST_ROW_MM: Final = 0.25
"""Along less than this nothing is counted: one capillary more or less would decide."""


@dataclass(frozen=True, slots=True)
class CapillarySight:
    """What the network sees on one picture, before anything is measured.

    ``maps`` are None of too narrow a strip of skin; ``um_per_px``: scale at which it was looked at, the usual one where
    nobody says a plausible one; ``why_not``: why nothing can be measured on it.
    """

    maps: NailfoldMaps | None
    um_per_px: float
    why_not: WhyNot | None

    @property
    def apart_mm(self) -> float:
        """Row of capillaries apart from the main one, in millimetres: hardly any behind a nail."""
        return 0.0 if self.maps is None else apart_mm(torch.sigmoid(self.maps.row[0]))


class CapillaryFinder:
    """The network of capillaries and how far its measures may be off, loaded once. Thread-safe after opening."""

    def __init__(self, network: CapillaryNetwork, calibration: Calibration | None) -> None:
        self._network, self._calibration = network, calibration

    @classmethod
    def open(cls, record: WeightsRecord) -> CapillaryFinder:
        """Load the listed weights after their SHA-256 matched; WeightsError otherwise."""
        network = CapillaryNetwork()
        load_weights(network, record.file(ROLE))
        return cls(network, read_measure_calibration(record.files))

    def measure(
        self, pixels: Pixels, um_per_px: float | None, hidden: Mask | None = None
    ) -> PictureMeasures | NotMeasured:
        """Measure one picture (rows, columns, 3), ``um_per_px`` micrometres of skin to a pixel, None: nobody knows.

        ``hidden`` (rows, columns): where skin cannot be seen (``clean_picture``); nothing is counted there, nor along
        it. Never raises for what a picture shows or how large it is.
        """
        why_not = _why_not(pixels.shape[:2], um_per_px)
        return self.measured(self.look(pixels, um_per_px), hidden) if why_not is None else NotMeasured(why_not)

    def look(self, pixels: Pixels, um_per_px: float | None) -> CapillarySight:
        """See one picture as ``measure`` does; without a scale its longer side is taken to be as long as usual."""
        why_not = _why_not(pixels.shape[:2], um_per_px)
        usual = USUAL_FIELD_UM / max(pixels.shape[:2])
        scale = usual if um_per_px is None or why_not is not None else um_per_px
        if _is_strip(pixels.shape[:2], scale):
            return CapillarySight(None, scale, why_not)
        with torch.inference_mode():
            return CapillarySight(self._seen(scaled_view(pixels, scale)), scale, why_not)

    def measured(self, sight: CapillarySight, hidden: Mask | None = None) -> PictureMeasures | NotMeasured:
        """Measure what was seen of a picture; ``hidden`` as ``measure``."""
        maps = sight.maps
        if maps is None or sight.why_not is not None:
            return NotMeasured(sight.why_not or "no_row")
        if float(maps.blurry) > 0:
            return NotMeasured("not_sharp")
        with torch.inference_mode():
            covered = None if hidden is None else hidden_view(hidden, (maps.row.shape[1], maps.row.shape[2]))
            hidden_mm = 0.0 if covered is None else row_mm(maps, covered)
            length = row_mm(maps) - hidden_mm
            if length < _LEAST_ROW_MM:
                return NotMeasured("no_row")
            loops = _loops(maps, float(self._network.least_certainty), UM_PER_PX / sight.um_per_px, covered)
        density = len(loops) / length
        widest = max((loop.diameter_um for loop in loops), default=None)
        return PictureMeasures(
            loops,
            length,
            density,
            self._interval(DENSITY, density),
            widest,
            self._interval(WIDEST, widest),
            hidden_mm,
        )

    def _seen(self, view: Tensor) -> NailfoldMaps:
        rows, columns = view.shape[2:]
        maps = self._network(padded(contrast(view)).contiguous(memory_format=torch.channels_last))
        within = slice(None), slice(rows), slice(columns)
        return NailfoldMaps(maps.apex[within], maps.log_width[within], maps.row[within], maps.blurry)

    def _interval(self, key: str, value: float | None) -> Interval | None:
        return None if self._calibration is None or value is None else self._calibration.total_interval(key, value)


def _loops(maps: NailfoldMaps, least: float, source_px: float, covered: Tensor | None) -> tuple[Loop, ...]:
    """From left to right, on the source's grid: ``source_px`` of its pixels to one of the view."""
    seen = seen_loops(maps, least)
    in_sight = np.ones(len(seen.places), np.bool_)
    if covered is not None:
        x, y = np.rint(seen.places).astype(int).T
        rows, columns = covered.shape
        in_sight = ~covered.numpy()[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    places = (seen.places[in_sight] + 0.5) * source_px - 0.5
    diameters, certainties = seen.diameters_um[in_sight], seen.certainties[in_sight]
    found = zip(places.tolist(), diameters.tolist(), certainties.tolist(), strict=True)
    return tuple(sorted((Loop(x, y, diameter, sure) for (x, y), diameter, sure in found), key=lambda loop: loop.x))


def _why_not(shape: tuple[int, ...], um_per_px: float | None) -> WhyNot | None:
    """Why a picture of this shape and scale cannot be measured, whatever it shows."""
    if um_per_px is None or not _is_plausible(shape, um_per_px):
        return "not_calibrated"
    if um_per_px > _COARSEST_UM:
        return "not_sharp"
    return "no_row" if _is_strip(shape, um_per_px) else None


def _is_strip(shape: tuple[int, ...], um_per_px: float) -> bool:
    return min(shape) * um_per_px < 1000 * _LEAST_FIELD_MM


def _is_plausible(shape: tuple[int, ...], um_per_px: float) -> bool:
    return math.isfinite(um_per_px) and um_per_px >= _FINEST_UM and max(shape) * um_per_px <= 1000 * _WIDEST_FIELD_MM
