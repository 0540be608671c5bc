"""Phantom patients' pictures as the networks see them, with labels, places of parts, density and skin tone."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import in_processes
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.skin_tone import tone_group
from scoring.phantoms.nailfold.truth import subject_of
from scoring.phantoms.nailfold.write_nailfolds import FINGERS_PICTURED
from scoring.phantoms.seeded import stream
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.score_rules.sharp_van_der_heijde import SIDES
from scoring.systems.nailfold.part_maps import part_maps
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.preprocessing import nailfold_view

_PATIENTS_AT_ONCE: Final = 8


def drawn_pictures(
    first: int, patients: int, of_each: int, rows: int, columns: int, workers: int = 1, progress: Progress = silent
) -> PictureBook:
    """``of_each`` pictures of so many patients, whose seeds begin at ``first``, each of a finger drawn by chance."""
    pages: list[PictureBook] = []
    asked = (range(first, first + patients), *([one] * patients for one in (of_each, rows, columns)))
    for page in in_processes(_patient, *asked, workers=workers, chunk=_PATIENTS_AT_ONCE):
        pages.append(page)
        progress("phantom patients drawn", len(pages), patients)
    return _bound(pages)


def _patient(seed: int, of_each: int, rows: int, columns: int) -> PictureBook:
    patient, chance = draw_patient(seed), stream(seed, "which picture")
    phantoms = []
    for number in range(1, of_each + 1):
        side = SIDES[int(chance.integers(len(SIDES)))]
        finger = FINGERS_PICTURED[int(chance.integers(len(FINGERS_PICTURED)))]
        phantoms.append(draw_nailfold(patient, side, finger, number, columns=columns))
    return PictureBook(
        views=np.stack([nailfold_view(phantom.pixels, rows, columns) for phantom in phantoms]),
        truth=np.array([_truth(phantom) for phantom in phantoms], np.float32),
        patients=tuple(map(subject_of, phantoms)),
        tones=(tone_group(patient.tone),) * of_each,
        parts=np.stack([part_maps(phantom) for phantom in phantoms]),
        densities=np.array([phantom.density_per_mm for phantom in phantoms], np.float32),
    )


def _truth(phantom: NailfoldPhantom) -> list[float]:
    said = (phantom.labels[label] for label in NAILFOLD_LABELS)
    return [np.nan if one is None else float(one) for one in said]


def _bound(pages: list[PictureBook]) -> PictureBook:
    parts = [page.parts for page in pages if page.parts is not None]
    densities = [page.densities for page in pages if page.densities is not None]
    return PictureBook(
        np.concatenate([page.views for page in pages]),
        np.concatenate([page.truth for page in pages]),
        tuple(name for page in pages for name in page.patients),
        tuple(tone for page in pages for tone in page.tones),
        np.concatenate(parts),
        np.concatenate(densities),
    )
