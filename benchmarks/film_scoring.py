"""What scoring one hand costs, system by system: processor time of one thread, without reading and writing DICOM.

    python -m benchmarks.film_scoring [--films 8] [--rounds 5]

Films are phantoms; the systems take turns, and the median over all films and rounds is printed, with the share of
finding the hand, which every system does for itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from pydicom.dataset import Dataset

from scoring.anatomy.hand_finder import HandFinder
from scoring.catalogue import list_systems, open_spec
from scoring.contract import ScoringContext
from scoring.image import ScoringImage
from scoring.phantoms.hand import draw_hand
from scoring.study import TrialContext, read_image_reference

_FIRST_SEED = 970_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    films = [_film(_FIRST_SEED + n) for n in range(asked.films)]
    systems = [open_spec(spec) for spec in list_systems()]
    finder = HandFinder.open()
    context = ScoringContext(TrialContext())
    jobs: dict[str, Callable[[ScoringImage], object]] = {"the hand found": lambda film: finder.find(film.pixels, "L")}
    for system in systems:
        jobs[system.spec.key] = lambda film, system=system: system.score([film], (), context)  # type: ignore[misc]
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(asked.rounds):
        for film in films:
            for name, job in jobs.items():
                taken[name].append(_milliseconds(job, film))
    for name, found in taken.items():
        print(f"{name:20} {median(found):5.0f} ms")


def _film(seed: int) -> ScoringImage:
    hand = draw_hand(seed, side="L")
    rows, columns = hand.pixels.shape
    blank = read_image_reference(Dataset(), "", "")
    reference = replace(blank, sop_instance_uid=f"2.25.{seed}", laterality="L", rows=rows, columns=columns)
    return ScoringImage(reference, hand.pixels, None, "unknown")


def _milliseconds(job: Callable[[ScoringImage], object], film: ScoringImage) -> float:
    begun = time.process_time()
    job(film)
    return 1000 * (time.process_time() - begun)


if __name__ == "__main__":
    main()
