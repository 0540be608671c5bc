"""Drawn patients that the network never learnt from, measured: beside each measure what is true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.measure_calibration import DENSITY, WIDEST
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.training_pictures import phantoms
from scoring.learning.progress import Progress, silent
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.phone_camera import Picture
from scoring.phantoms.nailfold.skin_tone import ToneGroup, tone_group
from scoring.uncertainty.calibration import TotalRow

PICTURES_A_PATIENT: Final = 2


@dataclass(frozen=True, slots=True)
class Patients:
    """Seeds of drawn patients, from ``first`` on."""

    first: int
    count: int


CALIBRATED: Final = Patients(8_000_000, 300)
MEASURED: Final = Patients(9_200_000, 200)


@dataclass(frozen=True)
class MeasuredPicture:
    """One picture. ``tips_um`` (n, 2): true tips, from the picture's corner; ``found``: what was measured;
    ``written_over``: was something found that is drawn over it."""

    patient: str
    tone: ToneGroup
    too_blurry: bool
    um_per_px: float
    tips_um: npt.NDArray[np.float64]
    diameters_um: npt.NDArray[np.float64]
    row_mm: float
    found: PictureMeasures | NotMeasured
    written_over: bool

    @property
    def density_per_mm(self) -> float:
        """The true one."""
        return len(self.tips_um) / self.row_mm

    @property
    def widest_um(self) -> float | None:
        """The true one; None where no capillary is in sight."""
        return float(self.diameters_um.max()) if len(self.diameters_um) else None


def measured_pictures(
    finder: CapillaryFinder, patients: Patients, progress: Progress = silent
) -> list[MeasuredPicture]:
    """Draw and measure every picture of these patients."""
    measured = []
    count = patients.count * PICTURES_A_PATIENT
    for phantom in phantoms(patients.first, count, PICTURES_A_PATIENT):
        measured.append(measured_picture(finder, phantom))
        progress("measuring", len(measured), count)
    return measured


def measured_picture(
    finder: CapillaryFinder, phantom: NailfoldPhantom, pixels: Picture | None = None
) -> MeasuredPicture:
    """Measure one drawn picture, or these ``pixels`` in its place, on which something may be written."""
    scale, seen = phantom.view.um_per_px, phantom.capillaries
    clean = clean_picture(phantom.pixels if pixels is None else pixels)
    places = np.array([(capillary.u, capillary.v) for capillary in seen], np.float32).reshape(-1, 2)
    return MeasuredPicture(
        patient=str(phantom.fold.patient.seed),
        tone=tone_group(phantom.fold.patient.tone),
        too_blurry=bool(phantom.labels["too_blurry"]),
        um_per_px=scale,
        tips_um=(phantom.view.to_pixels(places) + 0.5).astype(np.float64) * scale,
        diameters_um=np.array([capillary.diameter_um for capillary in seen]),
        row_mm=phantom.visible_row_mm,
        found=finder.measure(clean.pixels, scale, clean.hidden),
        written_over=clean.hidden is not None,
    )


def calibration_rows(pictures: Iterable[MeasuredPicture]) -> dict[str, Sequence[TotalRow]]:
    """What was measured beside what is true, of sharp pictures that gave a measure, by the measure's key."""
    density, widest = [], []
    for picture in pictures:
        found = picture.found
        if picture.too_blurry or isinstance(found, NotMeasured):
            continue
        density.append(TotalRow(picture.patient, found.density_per_mm, picture.density_per_mm))
        if found.widest_um is not None and picture.widest_um is not None:
            widest.append(TotalRow(picture.patient, found.widest_um, picture.widest_um))
    return {DENSITY: density, WIDEST: widest}
