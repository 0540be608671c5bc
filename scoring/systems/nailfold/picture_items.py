"""One picture's reading as score items: labels, measured items, or the coded reason for which there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scoring.capillaroscopy.picture_measures import Interval, NotMeasured, PictureMeasures
from scoring.result import Box, ScoreItem
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.spec import SystemSpec
from scoring.study import ImageReference
from scoring.systems.nailfold.picture_reading import MEASURED_TWINS, PictureReading

_MEASURED: Final = ("density", "widest_apex", *MEASURED_TWINS.values())


def picture_items(spec: SystemSpec, reading: PictureReading) -> Iterator[ScoreItem]:
    """All items of one picture, in the order of the spec.

    On a picture that is not fit nothing is said but, where that is the fault, that it is too blurry.
    """
    for label in NAILFOLD_LABELS:
        judged = reading.quality.fit or (label == "too_blurry" and label in reading.quality.faults)
        yield _label(reading, label) if judged else _without(spec, reading, label, reading.quality.faults[0])
    if not reading.quality.fit:
        yield from (_without(spec, reading, item, reading.quality.faults[0]) for item in _MEASURED)
    elif isinstance(reading.measures, NotMeasured):
        yield from (_without(spec, reading, item, reading.measures.reason) for item in _MEASURED)
    else:
        yield from _measured(spec, reading, reading.measures)


def full_frame(image: ImageReference) -> Box:
    """The whole picture: pixels are counted from the centre of the first one."""
    return -0.5, -0.5, image.columns - 0.5, image.rows - 0.5


def _label(reading: PictureReading, label: NailfoldLabel) -> ScoreItem:
    probability = reading.probabilities[label]
    return _item(
        reading,
        label,
        value=probability,
        grade=int(reading.present[label]),
        probabilities=(round(1 - probability, 12), probability),
    )


def _measured(spec: SystemSpec, reading: PictureReading, found: PictureMeasures) -> Iterator[ScoreItem]:
    yield _item(reading, "density", value=found.density_per_mm, interval=found.density_interval)
    if found.widest_um is None:
        yield _without(spec, reading, "widest_apex", "no_row")
    else:
        yield _item(reading, "widest_apex", value=found.widest_um, interval=found.widest_interval)
    for label, item in MEASURED_TWINS.items():
        yield _item(reading, item, grade=int(reading.by_measure[label]))


def _item(
    reading: PictureReading,
    item: str,
    *,
    value: float | None = None,
    grade: int | None = None,
    probabilities: tuple[float, ...] = (),
    interval: Interval | None = None,
) -> ScoreItem:
    return ScoreItem(
        reading.place.site,
        item,
        "scored",
        side=reading.place.side,
        picture=reading.place.number,
        value=value,
        grade=grade,
        probabilities=probabilities,
        interval=interval,
        image=reading.uid,
        region=full_frame(reading.image.reference),
    )


def _without(spec: SystemSpec, reading: PictureReading, item: str, reason: str) -> ScoreItem:
    return ScoreItem(
        reading.place.site,
        item,
        "not_assessable",
        side=reading.place.side,
        picture=reading.place.number,
        reason=spec.reasons[reason],
        image=reading.uid,
        region=full_frame(reading.image.reference),
    )
