"""What real hands with drawn damage add to phantoms for a network that judges the whole hand.

   python -m benchmarks.whole_hand_lessons --data DIR --out RUN [--seeds 3]

``--data``: the folder with rsna-bone-age. One small network is taught places of damage twice with every seed: on
phantoms alone, and on the same phantoms together with real hands of the training half, drawn into, three in four; both
see as many hands in all. They and the packaged weights are measured on hands that no training saw: held-out films with
damage drawn in, the same films as they are, and phantoms. What is done is kept in RUN, and not done again;
``lessons.json`` is written there: beside the packaged weights it is what their model card reads. Ten minutes of one
core.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.paired_arms import FOLDER, MEASURES, Figures, Table, asked, begun, compared, cut_offs, kept
from scoring.agreement.error_size import mean_absolute_error
from scoring.learning.course import Course
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import fit
from scoring.networks.torch_start import start_torch
from scoring.phantoms.damaged_hands.real_films import FILMS, films_for
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.svdh_hands.drawn_hands import drawn_hands
from scoring.systems.svdh_hands.ensemble import Ensemble
from scoring.systems.svdh_hands.ensemble_file import ENSEMBLE_ROLE
from scoring.systems.svdh_hands.film_book import film_book
from scoring.systems.svdh_hands.hand_book import HandBook, bound, phantom_book
from scoring.systems.svdh_hands.hand_material import HandMaterial, hand_loss
from scoring.systems.svdh_hands.learning import totals_of
from scoring.systems.svdh_hands.preprocessing import margin_of
from scoring.systems.svdh_hands.training_recipe import HandPhase
from scoring.weights import read_weights_record

PIXELS = 128
PHANTOMS, REAL, SHOWN, UNSEEN = 400, 100, 4000, 200
"""Hands to learn from, how many are shown in all, phantoms to be measured on."""
FIRST, FIRST_UNSEEN, FIRST_LESION = 6_000_000, 960_000, 970_000
"""Seeds, far from those of all trainings."""
BATCH, RATE = 16, 2e-3
ARMS = ("phantoms_alone", "phantoms_and_real_hands")


def main() -> None:
    """Learn, measure, write."""
    told = asked(__doc__)
    start_torch()
    with progress_on_stderr() as progress, RunFolder(told.out, {"benchmark": "whole_hand_lessons"}) as run:
        lessons, unseen = books(told.data / FILMS, run.folder, progress)
        said = {name: {arm: np.empty((len(book), told.seeds)) for arm in ARMS} for name, book in unseen.items()}
        for seed in range(told.seeds):
            for arm, book in lessons.items():
                network = begun(seed)
                material = HandMaterial(book, PIXELS, cut_offs())
                course = Course(SHOWN // len(book), BATCH, RATE, seed)
                fit(network, material, hand_loss, course, run.part(f"{arm}-{seed}"), progress=progress)
                for name, judged in unseen.items():
                    said[name][arm][:, seed] = totals_of(network, judged, PIXELS)
        figures = {name: measured(book, *said[name].values()) for name, book in unseen.items()}
        ensemble, found = of_packaged(told.data / FILMS, run.folder, progress)
    learning = {"phantoms": PHANTOMS, "real_hands": REAL, "shown": SHOWN, "seeds": told.seeds, "pixels": PIXELS}
    lessons_json = {"learning": learning, "packaged_ensemble": ensemble, "compared": figures, "packaged": found}
    (told.out / "lessons.json").write_text(json.dumps(lessons_json, indent=1) + "\n", encoding="utf-8")


def books(films: Path, folder: Path, progress: Progress) -> tuple[dict[str, HandBook], dict[str, HandBook]]:
    """What each arm learns from, and what both are measured on; drawn once."""
    real = HandPhase(epochs=1, batch=BATCH, rate=RATE, damaged=REAL)
    seeds, unseen = range(FIRST, FIRST + PHANTOMS), range(FIRST_UNSEEN, FIRST_UNSEEN + UNSEEN)
    phantoms = kept(folder / "with_places.npz", lambda: phantom_book(seeds, PIXELS, 1, progress))
    drawn_into = kept(folder / "real_hands.npz", lambda: drawn_hands(real, PIXELS, FIRST, films, 1, progress))
    held_out = films_held_out(films, folder, PIXELS, progress)
    held_out["unseen_phantoms"] = kept(folder / "unseen.npz", lambda: phantom_book(unseen, PIXELS, 1, progress))
    return dict(zip(ARMS, (phantoms, bound([phantoms, drawn_into])), strict=True)), held_out


def films_held_out(films: Path, folder: Path, pixels: int, progress: Progress) -> dict[str, HandBook]:
    """Real hands that no training saw, with damage drawn in, and as they are."""
    names = films_for("held_out")
    lesions: dict[str, Sequence[int | None]] = {
        "real_hands_drawn_into": range(FIRST_LESION, FIRST_LESION + len(names)),
        "real_hands_as_filmed": [None] * len(names),
    }
    return {
        name: kept(folder / f"{name}_{pixels}.npz", partial(film_book, films, names, some, pixels, 1, progress))
        for name, some in lesions.items()
    }


def measured(book: HandBook, alone: Table, both: Table) -> Figures:
    """Both arms on the hands of a book; of hands without damage only how far their sums are from 0."""
    measures = MEASURES if book.totals.any() else {"mean_absolute_error": mean_absolute_error}
    return {"hands": len(book)} | {name: compared(measure, book, alone, both) for name, measure in measures.items()}


def of_packaged(films: Path, folder: Path, progress: Progress) -> tuple[str, Figures]:
    """The packaged weights on the held-out films, with the SHA-256 of their ensemble; nothing where there are none."""
    if not (FOLDER / WEIGHTS_RECORD).exists():
        return "", {}
    record = read_weights_record(FOLDER / WEIGHTS_RECORD)
    ensemble = Ensemble.open(record, cut_offs())
    pixels, found = ensemble.shape.pixels, {}
    rim = margin_of(pixels)
    for name, book in films_held_out(films, folder, pixels, progress).items():
        said = np.concatenate([ensemble.judge(view[None]).totals for view in book.views[:, rim:-rim, rim:-rim]])
        found[name] = measured(book, said[:, None], said[:, None])
    return record.file(ENSEMBLE_ROLE).sha256, {
        name: {key: value["first"] for key, value in one.items() if key != "hands"} for name, one in found.items()
    }


if __name__ == "__main__":
    main()
