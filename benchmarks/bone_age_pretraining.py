"""Does a trunk that has learnt skeletal age on real films learn Sharp/van der Heijde scores better, or from fewer?

   python -m benchmarks.bone_age_pretraining --data DIR --out RUN [--seeds 3]

``--data``: the folder with rsna-bone-age. Each budget of fine-tuning is spent twice with every seed: on an untrained
trunk, and on one after the course on skeletal age, which is taken once. Both arms begin with equal weights of the
head, see the same phantoms in the same order, and are measured on the same unseen ones. The pre-text task is measured
on films that it was not learnt from. What is done is kept in RUN, and not done again; ``figures.json``, ``table.md``
and ``bone_age_pretraining.png`` are written there. A quarter of an hour of one core.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.paired_arms import (
    MEASURES,
    Figures,
    Table,
    asked,
    begun,
    compared,
    cut_offs,
    estimated,
    in_words,
    kept,
)
from scoring.agreement.error_size import mean_absolute_error
from scoring.figures.sheet import BLUE, VERMILION, drawing
from scoring.learning.course import Course
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import fit
from scoring.networks.timm_trunk import Scheme
from scoring.networks.torch_start import start_torch
from scoring.networks.whole_hand import AgeNetwork, WholeHandNetwork
from scoring.phantoms.damaged_hands.real_films import FILMS
from scoring.systems.svdh_hands.bone_age import MIDDLE_YEARS, AgeBook, AgeMaterial, age_book, age_loss
from scoring.systems.svdh_hands.hand_book import HandBook, phantom_book
from scoring.systems.svdh_hands.hand_material import HandMaterial, hand_loss
from scoring.systems.svdh_hands.learning import totals_of
from scoring.systems.svdh_hands.preprocessing import normalised

PIXELS = AGE_PIXELS = 128
HELD_OUT_FILMS = 600
AGE_COURSE = Course(epochs=12, batch=32, rate=2e-3, seed=0)
FIRST_WITH_PLACES, FIRST_WITH_TOTALS, FIRST_UNSEEN = 6_000_000, 6_500_000, 960_000
UNSEEN = 200
ARMS = ("untrained", "bone age")


@dataclass(frozen=True)
class Budget:
    """What a network may learn from: phantoms with places of damage, then others of which only totals are known."""

    name: str
    hands: int
    epochs: int
    scheme: Scheme = "all"
    rate: float = 1e-3
    with_places: int = 0
    epochs_with_places: int = 0


BUDGETS = (
    Budget("totals of 60 hands", hands=60, epochs=30),
    Budget("totals of 240 hands", hands=240, epochs=12),
    Budget("totals of 240 hands, the trunk at rest", hands=240, epochs=12, scheme="head"),
    Budget("places on 400 hands, then totals of 240", 240, 3, rate=5e-4, with_places=400, epochs_with_places=6),
)


def main() -> None:
    """Learn, measure, write."""
    told = asked(__doc__)
    start_torch()
    identity = {"benchmark": "bone_age_pretraining", "budgets": [asdict(one) for one in BUDGETS]}
    with progress_on_stderr() as progress, RunFolder(told.out, identity) as run:
        films = age_book(told.data / FILMS, AGE_PIXELS, progress)
        trunk, ages = learn_ages(run, films, progress)
        totals = learn_totals(run, trunk, told.seeds, progress)
    figures = {"skeletal_age": ages, "totals": totals, "seeds": told.seeds, "unseen_phantoms": UNSEEN}
    (told.out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = "\n".join(table_of(ages, totals)) + "\n"
    (told.out / "table.md").write_text(table, encoding="utf-8")
    (told.out / "bone_age_pretraining.png").write_bytes(picture_of(totals))
    print(table)


def learn_ages(run: RunFolder, films: AgeBook, progress: Progress) -> tuple[dict[str, Tensor], Figures]:
    """The trunk after the course on skeletal age, and how far its ages are from the readers'."""
    held_out = np.zeros(len(films), np.bool_)
    held_out[np.random.default_rng(0).permutation(len(films))[:HELD_OUT_FILMS]] = True
    learnt, unseen = (AgeBook(films.views[part], films.years[part]) for part in (~held_out, held_out))
    network = AgeNetwork(begun(AGE_COURSE.seed).trunk)
    fit(network, AgeMaterial(learnt), age_loss, AGE_COURSE, run.part("bone_age-0"), progress=progress)
    guess = np.full(len(unseen), learnt.years.mean())
    names = range(len(unseen))
    return network.trunk.state_dict(), {
        "films_learnt_from": len(learnt),
        "films_measured_on": len(unseen),
        "mean_absolute_error": estimated(mean_absolute_error, (unseen.years, ages_of(network, unseen)), names),
        "of_the_mean_age": estimated(mean_absolute_error, (unseen.years, guess), names),
    }


def learn_totals(run: RunFolder, trunk: dict[str, Tensor], seeds: int, progress: Progress) -> Figures:
    """Every budget in both arms with every seed, measured on phantoms that none has seen."""
    with_places = phantoms(run, "with_places", FIRST_WITH_PLACES, max(b.with_places for b in BUDGETS), progress)
    with_totals = phantoms(run, "with_totals", FIRST_WITH_TOTALS, max(b.hands for b in BUDGETS), progress)
    unseen = phantoms(run, "unseen", FIRST_UNSEEN, UNSEEN, progress)
    figures: Figures = {}
    for number, budget in enumerate(BUDGETS):
        said = {arm: np.empty((len(unseen), seeds)) for arm in ARMS}
        for seed in range(seeds):
            for arm in ARMS:
                network = begun(seed)
                if arm == "bone age":
                    network.trunk.load_state_dict(trunk)
                name = f"{number + 1}-{arm.replace(' ', '_')}-{seed}"
                spend(budget, network, run, name, (with_places, with_totals.without_places()), progress)
                said[arm][:, seed] = totals_of(network, unseen, PIXELS)
        figures[budget.name] = {
            name: compared(measure, unseen, said["untrained"], said["bone age"]) for name, measure in MEASURES.items()
        }
    return figures


def phantoms(run: RunFolder, name: str, first: int, hands: int, progress: Progress) -> HandBook:
    """Each of another patient, kept in the run's folder."""
    seeds = range(first, first + hands)
    return kept(run.folder / f"{name}.npz", lambda: phantom_book(seeds, PIXELS, 1, progress))


def spend(
    budget: Budget,
    network: WholeHandNetwork,
    run: RunFolder,
    name: str,
    books: tuple[HandBook, HandBook],
    progress: Progress,
) -> None:
    """Learn from the hands that the budget has, in place."""
    seed = int(name.rpartition("-")[2])
    courses = (("places", budget.with_places, budget.epochs_with_places, 2e-3, "all"),
               ("totals", budget.hands, budget.epochs, budget.rate, budget.scheme))  # fmt: skip
    for (kind, hands, epochs, rate, scheme), book in zip(courses, books, strict=True):
        if not hands:
            continue
        network.trunk.learn_only(scheme)
        material = HandMaterial(book.only(np.arange(len(book)) < hands), PIXELS, cut_offs())
        groups = [{"params": [one for one in network.parameters() if one.requires_grad]}]
        course = Course(epochs, 16, rate, seed)
        fit(network, material, hand_loss, course, run.part(f"{kind}-{name}"), groups=groups, progress=progress)


def ages_of(network: AgeNetwork, films: AgeBook) -> Table:
    """(n,) years."""
    views = torch.from_numpy(films.views.astype(np.float32))[:, None]
    with torch.inference_mode():
        pages = [network(normalised(page)) for page in views.split(64)]
    return torch.cat(pages).double().numpy() + MIDDLE_YEARS


def table_of(ages: Figures, totals: Figures) -> Iterator[str]:
    """Markdown."""
    yield "| skeletal age of films not learnt from | mean absolute error, years (95 %) |"
    yield "| --- | --- |"
    yield f"| the network | {in_words(ages['mean_absolute_error'], '.2f')} |"
    yield f"| the mean age of the films learnt from | {in_words(ages['of_the_mean_age'], '.2f')} |"
    yield ""
    yield "| fine-tuning | measure | untrained trunk | after bone age | difference (95 %) | of each seed |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for budget, measures in totals.items():
        for measure, name, form in (("pearson_correlation", "r", ".3f"), ("root_mean_square_error", "RMSE", ".2f")):
            found = measures[measure]
            each = ", ".join(f"{one:+{form}}" for one in found["of_each_seed"])
            arms = " | ".join(in_words(found[arm], form) for arm in ("first", "second"))
            yield f"| {budget} | {name} | {arms} | {in_words(found['difference'], f'+{form}')} | {each} |"


def picture_of(totals: Figures) -> bytes:
    """Correlation of both arms with its interval, budget by budget, as PNG."""
    with drawing(8.0, 3.4) as sheet:
        for place, colour, arm, name in ((0.12, VERMILION, "first", ARMS[0]), (-0.12, BLUE, "second", ARMS[1])):
            for row, measures in enumerate(totals.values()):
                found = measures["pearson_correlation"][arm]
                reach = [[found["value"] - found["lower"]], [found["upper"] - found["value"]]]
                label = {"label": f"trunk: {name}"} if row == 0 else {}
                sheet.axes.errorbar(found["value"], -row + place, xerr=reach, fmt="o", color=colour, capsize=3, **label)
        sheet.axes.set_yticks([-row for row in range(len(totals))], list(totals))
        sheet.axes.set_xlabel("Pearson r of the sum of a hand, unseen phantoms (95 % interval)")
        sheet.axes.grid(axis="x")
        sheet.figure.legend(loc="outside upper center", ncols=2)
        return sheet.image("png")


if __name__ == "__main__":
    main()
