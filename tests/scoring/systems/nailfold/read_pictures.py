"""Readings of pictures without pixels or weights: what each says is what a test says."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from scoring.capillaroscopy.picture_measures import Loop, NotMeasured, PictureMeasures
from scoring.capillaroscopy.picture_quality import ADVICE, PictureQuality
from scoring.image import ScoringImage
from scoring.quality import DIAGNOSTIC, NON_DIAGNOSTIC
from scoring.score_rules.nail_units import NAIL_UNITS
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.study import read_image_reference
from scoring.systems.nailfold.picture_place import place_pictures
from scoring.systems.nailfold.picture_reading import PictureReading


def image(uid: str, side: str = "R", finger: str = "RING", *, shade: float = 0.5, taken: str = "") -> ScoringImage:
    """A picture of a finger; ``finger`` empty: nobody said."""
    header = Dataset()
    header.SOPInstanceUID, header.ImageLaterality, header.Rows, header.Columns = uid, side, 30, 40
    header.ContentDate, header.ContentTime = "20260105", taken
    if finger:
        region = Dataset()
        region.CodeValue = NAIL_UNITS[finger].value  # type: ignore[index]
        header.AnatomicRegionSequence = [region]
    pixels = np.full((30, 40, 3), shade, np.float32)
    return ScoringImage(read_image_reference(header, "", ""), pixels, None, "unknown")


def measures(density: float, widest: float | None = 14.0) -> PictureMeasures:
    """One loop, if any."""
    loops = () if widest is None else (Loop(3, 4, widest, 0.9),)
    return PictureMeasures(loops, 1.3, float(density), (density - 1.0, density + 1.0), widest, None)


def readings(*pictures: dict[str, Any]) -> list[PictureReading]:
    """One for each picture: ``side``, ``finger``, ``fault``, ``measured``, and the probability of any label."""
    images = [image(f"2.25.{n}", p.get("side", "R"), p.get("finger", "RING")) for n, p in enumerate(pictures, 1)]
    places = place_pictures([one.reference for one in images])
    return [_reading(one, place, said) for one, place, said in zip(images, places, pictures, strict=True)]


def _reading(one: ScoringImage, place: Any, said: dict[str, Any]) -> PictureReading:
    fault = said.get("fault", "")
    probabilities = {label: said.get(label, 0.02) for label in NAILFOLD_LABELS}
    if fault == "too_blurry":
        probabilities["too_blurry"] = 0.97
    return PictureReading(
        image=one,
        place=place,
        quality=PictureQuality(
            NON_DIAGNOSTIC if fault else DIAGNOSTIC, (fault,) if fault else (), ADVICE.get(fault, "")
        ),
        probabilities=probabilities,
        present={label: probability >= 0.5 for label, probability in probabilities.items()},
        measures=said.get("measured", NotMeasured("not_calibrated")),
    )
