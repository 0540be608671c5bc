"""Both hands of phantom patients that no training ever draws, and what an ensemble says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import in_processes
from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import SIDES
from scoring.systems.svdh_hands.ensemble import Ensemble, HandOpinions
from scoring.systems.svdh_hands.preprocessing import Views, hand_view

# A phantom patient's hands have the seeds 2 n and 2 n + 1: none of these is ever drawn for training.
MEASURED: Final = range(940_000, 940_060)
CALIBRATED: Final = range(950_000, 950_100)


@dataclass(frozen=True)
class UnseenPatient:
    """The views of both hands as the whole chain sees their films, and the true sum of each hand."""

    name: str
    views: Views
    totals: tuple[int, ...]


@dataclass(frozen=True)
class JudgedPatient:
    """A patient with what the ensemble said."""

    patient: UnseenPatient
    opinions: HandOpinions


def unseen_patients(
    patients: Sequence[int], pixels: int, workers: int = 1, progress: Progress = silent
) -> tuple[list[UnseenPatient], int]:
    """Patients both of whose hands the finder found, and how many films were searched."""
    found: list[UnseenPatient] = []
    pages = in_processes(_patient, patients, [pixels] * len(patients), workers=workers, chunk=4)
    for number, page in enumerate(pages, 1):
        found += [page] if page is not None else []
        progress("unseen phantom patients drawn", number, len(patients))
    return found, len(SIDES) * len(patients)


def judged_patients(ensemble: Ensemble, patients: Sequence[UnseenPatient]) -> list[JudgedPatient]:
    """Every patient judged."""
    return [JudgedPatient(patient, ensemble.judge(patient.views)) for patient in patients]


def _patient(patient: int, pixels: int) -> UnseenPatient | None:
    views: list[npt.NDArray[np.uint8]] = []
    totals: list[int] = []
    for number, side in enumerate(SIDES):
        phantom = draw_hand(2 * patient + number, side=side)
        search = _finder().find(phantom.pixels, side)
        if not search.is_hand or not search.hands:
            return None
        film = search.bone_bright(phantom.pixels)
        views.append(hand_view(film, search.hands[0].to_source, pixels))
        totals.append(sum(phantom.grades.values()))
    return UnseenPatient(f"PHANTOM-{patient}", np.stack(views), tuple(totals))


@lru_cache(maxsize=1)
def _finder() -> HandFinder:
    return HandFinder.open()
