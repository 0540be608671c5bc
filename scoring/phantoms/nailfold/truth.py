"""The truth of pictures as tables: labels in the columns of readings, facts of each picture, each capillary."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from scoring.learning.label import Label
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.pattern import PatternName
from scoring.phantoms.nailfold.skin_tone import ToneGroup, tone_group
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, Finger, Shape
from scoring.score_rules.sharp_van_der_heijde import Side


@dataclass(frozen=True, slots=True)
class PictureTruth:
    """One picture. ``tone``: Monk scale. Blur is a standard deviation, row and density are what is in sight."""

    image: str
    side: Side
    finger: Finger
    um_per_px: float
    magnification: int
    pattern: PatternName
    tone: float
    tone_group: ToneGroup
    visible_row_mm: float
    capillaries: int
    density_per_mm: float
    haemorrhages: int
    blur_um: float


@dataclass(frozen=True, slots=True)
class CapillaryTruth:
    """One capillary of the distal row in sight; ``x``, ``y``: the tip of its apex in pixels of the upright picture."""

    image: str
    x: float
    y: float
    diameter_um: float
    shape: Shape


MAGNIFICATION = 200
"""What the makers of such lenses print on them."""


def label_rows(phantom: NailfoldPhantom, image: str) -> Iterator[Label]:
    """The five labels, 1 for yes; what cannot be assessed has no value."""
    for item in NAILFOLD_LABELS:
        value = phantom.labels[item]
        yield Label(
            subject=subject_of(phantom),
            visit="1",
            image=image,
            side=phantom.fold.side,
            site=phantom.fold.finger,
            item=item,
            value=None if value is None else float(value),
            status="not_assessable" if value is None else "scored",
        )


def picture_row(phantom: NailfoldPhantom, image: str) -> PictureTruth:
    """What is true of the whole picture."""
    patient = phantom.fold.patient
    return PictureTruth(
        image=image,
        side=phantom.fold.side,
        finger=phantom.fold.finger,
        um_per_px=round(phantom.view.um_per_px, 5),
        magnification=MAGNIFICATION,
        pattern=patient.pattern.name,
        tone=round(patient.tone, 2),
        tone_group=tone_group(patient.tone),
        visible_row_mm=round(phantom.visible_row_mm, 4),
        capillaries=len(phantom.capillaries),
        density_per_mm=round(phantom.density_per_mm, 3),
        haemorrhages=len(phantom.haemorrhages),
        blur_um=round(phantom.blur.um, 2),
    )


def capillary_rows(phantom: NailfoldPhantom, image: str) -> Iterator[CapillaryTruth]:
    """Every capillary of the distal row in sight, along the row; also those of a picture too blurry to show them."""
    for capillary in phantom.capillaries:
        ((x, y),) = phantom.view.to_pixels(np.array(((capillary.u, capillary.v),)))
        yield CapillaryTruth(
            image, round(float(x), 2), round(float(y), 2), round(capillary.diameter_um, 2), capillary.shape
        )


def subject_of(phantom: NailfoldPhantom) -> str:
    """The patient's name in tables and headers."""
    return f"PHANTOM-{phantom.fold.patient.seed}"


def write_rows(path: Path, row_type: type[PictureTruth | CapillaryTruth], rows: Iterable[object]) -> None:
    """Write rows of one type as CSV: UTF-8, a header line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(row_type))
        writer.writerows(astuple(row) for row in rows)  # type: ignore[call-overload]
