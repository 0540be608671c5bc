"""Can a small classifier tell joints that were drawn into from joints that were not?

   python benchmarks/drawn_or_real.py --data DIR [--films 72]

``--data``: the folder with rsna-bone-age. Two questions, each with every site of every film, once as filmed and once
altered:

- at equal grades: all have grade 0. Those altered went through the same machinery at settings that a reader still
  grades 0: joint spaces of 92 to 108 % of their own width, osteophytes, defects of under a millimetre. What tells
  these apart are traces of drawing, for damage there is none.
- damage or none: grades 1 to 5 drawn, beside the same joints untouched. It shows what the classifier can see at all.

The classifier is given what a network sees (the features of the packaged grader, of the crop it grades) and what a
forger leaves (the power of fine detail in four bands, in a grid over the joint, at the film's own resolution). It is
learnt in five folds of whole films, and the area under its ROC curve measured on films that it has not seen.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from scoring.agreement.bootstrap import estimate
from scoring.agreement.roc_area import roc_area
from scoring.anatomy.hand_finder import HandFinder
from scoring.catalogue import find_spec
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.networks.torch_start import load_weights
from scoring.phantoms.damage import SPACE_LEFT
from scoring.phantoms.damaged_hands.bending import Bending, narrowing, spur
from scoring.phantoms.damaged_hands.bone_margins import bone_contrast, margins
from scoring.phantoms.damaged_hands.cortical_defect import CorticalDefect
from scoring.phantoms.damaged_hands.damaged_hand import damage_hand
from scoring.phantoms.damaged_hands.joint_line import joint_line
from scoring.phantoms.damaged_hands.real_films import FilmHand, checked_hand, films_for, find_film_hands
from scoring.phantoms.damaged_hands.real_hand import Grey, RealHand
from scoring.phantoms.damaged_hands.visits import course_of_grades
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, SITES_OF
from scoring.systems.hand_joints.crop_book import CropBook, hand_windows
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import frame_of
from scoring.weights import read_weights_record

FOLDS = 5
ROUNDS = 250
SEED = 77
BANDS_PX = (0.7, 1.4, 2.8, 5.6)
Row = tuple[Grey, int, str]
"""Features of a joint, whether it was drawn into, its film."""


@dataclass(frozen=True)
class Patches:
    """``features`` (n, k), whether each was drawn into, and its film."""

    features: npt.NDArray[np.float32]
    drawn: npt.NDArray[np.float32]
    films: list[str]


def main() -> None:
    """Draw, train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--films", type=int, help="only so many, to try it")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with progress_on_stderr() as progress:
        names = [*films_for("training"), *films_for("held_out")][: asked.films]
        films = [film for film in find_film_hands(asked.data, names, HandFinder.open(), progress) if film is not None]
        equal, damage = drawn_patches(films, progress)
    print("| question | patches | films | area under the ROC curve (95 %) |\n| --- | --- | --- | --- |")
    for name, patches in (("drawn or not, at grade 0", equal), ("damage or none", damage)):
        said = said_by_folds(patches)
        found = estimate(roc_area, (patches.drawn, said), patches.films, seed=SEED)
        print(
            f"| {name} | {len(patches.drawn)} | {found.groups} | "
            f"{found.value:.3f} ({found.lower:.3f} to {found.upper:.3f}) |",
            flush=True,
        )


def drawn_patches(films: list[FilmHand], progress: Progress) -> tuple[Patches, Patches]:
    """The patches of both questions; of each altered one there is the same as it was filmed."""
    grader = JointGrader().eval()
    load_weights(grader, read_weights_record(find_spec("hand_joints").weights_files[0]).file("joint_grader"))
    equal: list[Row] = []
    damage: list[Row] = []
    for number, film in enumerate(films):
        hand = checked_hand(film)
        if not hand.visible:
            continue

        def features(pixels: Grey, film: FilmHand = film) -> Grey:
            return np.concatenate([_seen_by_the_grader(grader, film, pixels), _fine_detail(film, pixels)], 1)

        filmed = features(hand.pixels)
        pixels, sites = altered_within_grade_0(hand, SEED + number)
        equal += _pairs(filmed, features(pixels), sites, film.film)
        damaged = damage_hand(hand, course_of_grades(SEED + number, 1), SEED + number)
        graded = {s for s in SITES if any(damaged.grades.get((s, item), 0) for item in ITEMS)}
        damage += _pairs(filmed, features(damaged.pixels), graded, film.film)
        progress("hands drawn into", number + 1, len(films))
    return _patches(equal), _patches(damage)


def altered_within_grade_0(hand: RealHand, seed: int) -> tuple[Grey, set[str]]:
    """All that is drawn for damage, at settings that are none; the sites that were changed."""
    usual, bending, pixels = bone_contrast(hand), Bending(hand.shape), hand.pixels
    changed: set[str] = set()
    for site in hand.visible:
        chance = stream(seed, f"within grade 0 {site}")
        line = joint_line(hand, site) if site in SITES_OF["narrowing"] else None
        free = [m for bone in margins(hand, site, line, usual) for m in bone] if site in SITES_OF["erosion"] else []
        if line is not None:
            share = float(chance.uniform(*SPACE_LEFT[0]))
            bending.add(line.frame, line.half_width + 30.0, narrowing(line, share, float(chance.uniform(-0.06, 0.06))))
            changed.add(site)
        if free:
            bending.add(free[int(chance.integers(len(free)))].frame, 8.0, spur(0.6, 1.0))
            defect = CorticalDefect(
                free[int(chance.integers(len(free)))],
                radius=float(chance.uniform(0.5, 0.9)),
                inward=0.1,
                edge=float(chance.uniform(0.3, 0.8)),
                depth=float(chance.uniform(0.5, 0.95)),
                rim=float(chance.choice([0.0, 0.3])),
                breadth=float(chance.uniform(0.8, 1.5)),
                seed=int(chance.integers(2**31)),
            )
            pixels = defect.drawn(pixels)
            changed.add(site)
    return bending.bent(pixels), changed


def said_by_folds(patches: Patches) -> npt.NDArray[np.float64]:
    """How surely each joint was drawn into, said by a classifier that never saw its film."""
    names = sorted(set(patches.films))
    fold_of = {str(name): n % FOLDS for n, name in enumerate(np.random.default_rng(SEED).permutation(names))}
    folds = np.array([fold_of[name] for name in patches.films])
    said = np.empty(len(folds))
    for fold in range(FOLDS):
        known = patches.features[folds != fold]
        mean, spread = known.mean(0), known.std(0) + 1e-3
        classifier = _learnt((known - mean) / spread, patches.drawn[folds != fold])
        with torch.inference_mode():
            unseen = torch.from_numpy((patches.features[folds == fold] - mean) / spread)
            said[folds == fold] = classifier(unseen)[:, 0].numpy()
    return said


def _learnt(features: Grey, drawn: Grey) -> nn.Module:
    torch.manual_seed(SEED)
    wanted, shown = torch.from_numpy(drawn), torch.from_numpy(features)
    classifier = nn.Sequential(
        nn.Dropout(0.2), nn.Linear(shown.shape[1], 64), nn.ReLU(), nn.Dropout(0.4), nn.Linear(64, 1)
    )
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=2e-3, weight_decay=0.1)
    for _ in range(ROUNDS):
        loss = nn.functional.binary_cross_entropy_with_logits(classifier(shown)[:, 0], wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return classifier.eval()


def _seen_by_the_grader(grader: JointGrader, film: FilmHand, pixels: Grey) -> Grey:
    """(22, k): mean and maximum of the grader's last features of every crop."""
    windows = hand_windows(pixels, frame_of(film.hand))[None]
    crops = CropBook(windows, np.zeros((1, len(SITES), len(ITEMS)), np.float32)).crops()[0]
    kept: list[Tensor] = []
    hook = grader.features.register_forward_hook(lambda _module, _given, out: kept.append(out))
    with torch.inference_mode():
        grader(torch.from_numpy(crops)[:, None], torch.arange(len(SITES)))
    hook.remove()
    return torch.cat([kept[0].mean((2, 3)), kept[0].amax((2, 3))], 1).numpy()


def _fine_detail(film: FilmHand, pixels: Grey) -> Grey:
    """(22, 64): the power of detail in four bands, in a 4 x 4 grid over each joint, beside that of the whole film."""
    frame = frame_of(film.hand)
    layers = [pixels, *(gaussian_filter(pixels, spread) for spread in BANDS_PX)]
    bands = [(coarse - fine) ** 2 for fine, coarse in pairwise(layers)]
    usual = [float(np.mean(band)) + 1e-12 for band in bands]
    step = frame.edge / 6  # four cells: the middle two thirds of a crop
    rows = []
    for x, y in frame.centres:
        cells = [
            band[_span(y + (i - 2) * step, step, len(band)), _span(x + (j - 2) * step, step, band.shape[1])].mean()
            / mean
            for band, mean in zip(bands, usual, strict=True)
            for i in range(4)
            for j in range(4)
        ]
        rows.append(np.log(np.array(cells) + 1e-4))
    return np.asarray(rows, np.float32)


def _span(start: float, length: float, size: int) -> slice:
    first = int(np.clip(start, 0, size - 2))
    return slice(first, int(np.clip(start + length, first + 1, size)))


def _pairs(filmed: Grey, altered: Grey, sites: set[str], film: str) -> list[Row]:
    rows = [number for number, site in enumerate(SITES) if site in sites]
    return [(one[row], drawn, film) for row in rows for drawn, one in enumerate((filmed, altered))]


def _patches(rows: list[Row]) -> Patches:
    drawn = np.array([row[1] for row in rows], np.float32)
    return Patches(np.stack([row[0] for row in rows]), drawn, [row[2] for row in rows])


if __name__ == "__main__":
    main()
