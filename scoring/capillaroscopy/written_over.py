"""What writing over a picture does to its measures: the same drawn pictures without any, stamped, and written over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.agreement.error_size import bias, mean_absolute_error
from scoring.capillaroscopy.burned_in_ink import Mask
from scoring.capillaroscopy.capillary_figures import as_label, recall_and_precision
from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.loop_matching import REACH_UM, matched_loops
from scoring.capillaroscopy.picture_measures import PictureMeasures
from scoring.capillaroscopy.training_pictures import phantoms
from scoring.capillaroscopy.unseen_pictures import PICTURES_A_PATIENT, MeasuredPicture, Patients, measured_picture
from scoring.learning.figure_values import rounded
from scoring.learning.figures_file import Figures
from scoring.learning.progress import Progress, silent
from scoring.phantoms.nailfold.burned_in import BurnedIn, burned_in
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.phone_file import stamped
from scoring.phantoms.seeded import stream
from scoring.score_rules.nailfold_labels import GIANT_ABOVE_UM, LOW_DENSITY_BELOW_PER_MM

WRITTEN_OVER: Final = Patients(9_300_000, 100)
_SHOWS: Final = 12
"""Grey levels that a stamp changes where it counts as drawn."""


def _stamped(phantom: NailfoldPhantom) -> BurnedIn:
    pixels = stamped(phantom.pixels)
    return BurnedIn(pixels, (np.abs(pixels.astype(np.int16) - phantom.pixels) > _SHOWS).any(axis=2))


def _by_software(phantom: NailfoldPhantom) -> BurnedIn:
    return burned_in(phantom.pixels, stream(phantom.fold.patient.seed, f"burned in {phantom.fold.finger}"))


WRITING: Final[Mapping[str, Callable[[NailfoldPhantom], BurnedIn]]] = {"stamp": _stamped, "software": _by_software}


@dataclass(frozen=True)
class WrittenPicture:
    """One picture as it is, and with something drawn over it (where, (rows, columns))."""

    clean: MeasuredPicture
    written: MeasuredPicture
    drawn: Mask

    @property
    def both(self) -> tuple[PictureMeasures, PictureMeasures] | None:
        """The measures of both; None where one of them gave none."""
        clean, written = self.clean.found, self.written.found
        return (clean, written) if isinstance(clean, PictureMeasures) and isinstance(written, PictureMeasures) else None


def written_pictures(
    finder: CapillaryFinder, patients: Patients, progress: Progress = silent
) -> dict[str, list[WrittenPicture]]:
    """Sharp pictures of these patients, by what is written over them."""
    pictures: dict[str, list[WrittenPicture]] = {name: [] for name in WRITING}
    count = patients.count * PICTURES_A_PATIENT
    for number, phantom in enumerate(phantoms(patients.first, count, PICTURES_A_PATIENT), 1):
        if not phantom.labels["too_blurry"]:
            clean = measured_picture(finder, phantom)
            for name, write in WRITING.items():
                over = write(phantom)
                written = measured_picture(finder, phantom, over.pixels)
                pictures[name].append(WrittenPicture(clean, written, over.drawn))
        progress("measuring what is written over", number, count)
    return pictures


def written_figures(pictures: Mapping[str, Sequence[WrittenPicture]]) -> dict[str, Figures]:
    """A table for each kind of writing."""
    return {f"written_over.{name}": _figures(those) for name, those in pictures.items()}


def _figures(pictures: Sequence[WrittenPicture]) -> Figures:
    both = [(picture, *found) for picture in pictures if (found := picture.both) is not None]
    true = [picture.clean.density_per_mm for picture, _, _ in both]
    clean, said = [one.density_per_mm for _, one, _ in both], [one.density_per_mm for _, _, one in both]
    low = [density < LOW_DENSITY_BELOW_PER_MM for density in true]
    giant = [(picture.clean.widest_um or 0.0) > GIANT_ABOVE_UM for picture, _, _ in both]
    held = [
        found.density_interval is not None and found.density_interval[0] <= density <= found.density_interval[1]
        for density, (_, _, found) in zip(true, both, strict=True)
    ]
    return {
        "pictures": len(pictures),
        "found": sum(picture.written.written_over for picture in pictures),
        "false_alarms": sum(picture.clean.written_over for picture in pictures),
        "clean_measured": sum(isinstance(picture.clean.found, PictureMeasures) for picture in pictures),
        "written_over_measured": sum(isinstance(picture.written.found, PictureMeasures) for picture in pictures),
        "both_measured": len(both),
        "false_loops_at_writing": sum(_false_at_writing(picture, found) for picture, _, found in both),
        "found_loops": sum(len(found.loops) for _, _, found in both),
        "hidden_row_mm": rounded(sum(found.hidden_row_mm for _, _, found in both)),
        **recall_and_precision([matched_loops(picture.written, found.loops) for picture, _, found in both]),
        "density_bias": rounded(bias(true, said)),
        "clean_density_bias": rounded(bias(true, clean)),
        "density_mean_absolute_error": rounded(mean_absolute_error(true, said)),
        "clean_density_mean_absolute_error": rounded(mean_absolute_error(true, clean)),
        "density_moved": rounded(mean_absolute_error(clean, said)),
        "giant_f1": as_label(giant, [found.giant for _, _, found in both])["f1"],
        "clean_giant_f1": as_label(giant, [found.giant for _, found, _ in both])["f1"],
        "low_density_f1": as_label(low, [found.low_density for _, _, found in both])["f1"],
        "clean_low_density_f1": as_label(low, [found.low_density for _, found, _ in both])["f1"],
        "density_coverage": rounded(np.mean(held)),
    }


def _false_at_writing(picture: WrittenPicture, found: PictureMeasures) -> int:
    """Loops near what was drawn that are no capillary."""
    y, x = np.nonzero(picture.drawn)
    drawn = (np.stack((x, y), 1) + 0.5) * picture.written.um_per_px
    places = (np.array([(loop.x, loop.y) for loop in found.loops]).reshape(-1, 2) + 0.5) * picture.written.um_per_px
    true = picture.written.tips_um
    return sum(_nearest(place, drawn) < REACH_UM and _nearest(place, true) > REACH_UM for place in places)


def _nearest(place: np.ndarray, others: np.ndarray) -> float:
    return float(np.hypot(*(others - place).T).min()) if len(others) else np.inf
