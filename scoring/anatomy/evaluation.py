"""Measure the anatomy networks on what they never saw: ``python -m scoring.anatomy.evaluation --data DIR``.

Writes ``figures.toml`` beside the weights; the model card quotes that file. Every film counted here was absent from
training in every resolution; errors are distances in hand widths (``found_hand.WIDTH_OVER_KNUCKLES`` x MCP2-MCP5).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import dcmread
from rich.progress import track

from scoring.anatomy.boxed_hands import BoxedHand
from scoring.anatomy.found_hand import WIDTH_OVER_KNUCKLES, HandSearch
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.landmarks import BOXED, CARPAL, INDEX, Points, of
from scoring.anatomy.network_files import FOLDER
from scoring.anatomy.training_pictures import grey, placed_points, stretched
from scoring.anatomy.training_sets import BONE_AGE, MEDNIST, split_boxed
from scoring.image import scoring_image
from scoring.learning.figure_values import rounded
from scoring.networks.torch_start import start_torch
from scoring.phantoms.hand import draw_both_hands, draw_hand
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.study import read_image_reference

Grey = npt.NDArray[np.float32]

FIGURES: Final = "figures.toml"
UNSEEN_PHANTOMS: Final = range(810_000, 810_040)
UNSEEN_PAIRS: Final = range(820_000, 820_020)
FILMS_FOR_THE_GATE: Final = 300
_BOTH_SIDES: Final = ["L", "R"]
"""Of two hands on one picture, from the viewer's left: seen from their backs, thumbs inwards."""

_Table = dict[str, float | int | str]


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with rsna-bone-age, rsna-roi-boxes, mednist …")
    parser.add_argument("--weights", type=Path, default=FOLDER, help="folder of weights.toml and figures.toml")
    chosen = parser.parse_args()
    start_torch()
    tables = measure(HandFinder.open(chosen.weights), chosen.data)
    (chosen.weights / FIGURES).write_text(as_toml(tables), encoding="utf-8")


def measure(finder: HandFinder, data: Path) -> dict[str, _Table]:
    """Every table of figures.toml."""
    boxed = [(h, stretched(h, data / BONE_AGE)) for h in split_boxed(data)[1]]
    tables: dict[str, _Table] = {}
    tables["boxed"], tables["boxed.median_by_point"] = _boxed(finder, boxed)
    tables["placed"], tables["placed.median_by_site"], tables["placed.median_by_film"] = _placed(finder, data)
    tables["phantoms"] = _phantoms(finder)
    tables["pose"] = _poses(finder, boxed)
    tables["pairs"] = _pairs(finder, boxed)
    tables["gate.hands_accepted"] = _accepted(finder, data, boxed)
    tables["gate.others_refused"] = _refused(finder, data)
    return tables


def _boxed(finder: HandFinder, boxed: Sequence[tuple[BoxedHand, tuple[Grey, Points]]]) -> tuple[_Table, _Table]:
    names = [INDEX[name] for name in BOXED]
    errors, missed = [], 0
    for _, (pixels, truth) in track(boxed, "held-out boxed hands"):
        hands = finder.landmarks(pixels)
        if not hands:
            missed += 1
            continue
        errors.append(np.hypot(*(hands[0] - truth)[names].T) / _width(truth))
    return _summary(errors, missed), _by_name(errors, BOXED)


def _placed(finder: HandFinder, data: Path) -> tuple[_Table, _Table, _Table]:
    by_film: _Table = {}
    errors, missed = [], 0
    for name, truth in track(sorted(placed_points("evaluation").items()), "films placed by eye"):
        search = finder.find(_film(data, name))
        if not search.hands:
            missed += 1
            continue
        errors.append(_site_errors(search, truth))
        by_film[name] = rounded(np.median(errors[-1]))
    summary = _summary(errors, missed)
    carpal = [SITES.index(site) for site in CARPAL]
    fingers = [i for i in range(len(SITES)) if i not in carpal]
    for part, columns in (("wrist_sites", carpal), ("finger_sites", fingers)):
        values = np.array(errors)[:, columns]
        summary[f"median_{part}"] = rounded(np.median(values))
        summary[f"p95_{part}"] = rounded(np.percentile(values, 95))
    return summary, _by_name(errors, SITES), by_film


def _phantoms(finder: HandFinder) -> _Table:
    errors, missed, sides = [], 0, 0
    for seed in track(UNSEEN_PHANTOMS, "unseen phantoms"):
        phantom = draw_hand(seed)
        search = finder.find(phantom.pixels)
        if not search.hands:
            missed += 1
            continue
        truth = np.full((len(INDEX), 2), np.nan)
        for site, centre in phantom.centres.items():
            truth[INDEX[site]] = centre
        errors.append(_site_errors(search, truth))
        sides += search.hands[0].side == phantom.side
    return {**_summary(errors, missed), "side_right": sides}


def _poses(finder: HandFinder, boxed: Sequence[tuple[BoxedHand, tuple[Grey, Points]]]) -> _Table:
    """Each held-out film in four quarter turns and mirrored: is the turn undone, is the side right."""
    counts = {"tried": 0, "found": 0, "turn_right": 0, "side_right": 0}
    for _, (pixels, truth) in track(boxed, "turned and mirrored"):
        left = _is_left(truth)
        for mirrored in (False, True):
            for turns in range(4):
                search = finder.find(np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, -turns)))
                counts["tried"] += 1
                if search.hands:
                    counts["found"] += 1
                    counts["turn_right"] += search.quarter_turns == turns
                    counts["side_right"] += search.hands[0].side == ("R" if left == mirrored else "L")
    return dict(counts)


def _pairs(finder: HandFinder, boxed: Sequence[tuple[BoxedHand, tuple[Grey, Points]]]) -> _Table:
    """Two hands on one picture: drawn ones, and a held-out film beside another one mirrored."""
    drawn = composed = 0
    for seed in track(UNSEEN_PAIRS, "pairs of phantoms"):
        pixels, _, _ = draw_both_hands(seed)
        drawn += [h.side for h in finder.find(pixels).hands] == _BOTH_SIDES
    halves = [pixels for _, (pixels, truth) in boxed if _is_left(truth)]
    couples = list(zip(halves[0::2], halves[1::2], strict=False))
    for one, other in track(couples, "pairs of films"):
        composed += [h.side for h in finder.find(_beside(one, other[:, ::-1])).hands] == _BOTH_SIDES
    return {
        "phantom_pairs": len(UNSEEN_PAIRS),
        "phantom_pairs_right": drawn,
        "film_pairs": len(couples),
        "film_pairs_right": composed,
    }


def _accepted(finder: HandFinder, data: Path, boxed: Sequence[tuple[BoxedHand, tuple[Grey, Points]]]) -> _Table:
    """Hand films that no training saw: held-out boxed ones, full-size ones, and a fixed draw of the small ones."""
    seen = set(placed_points("training"))
    full = [p for p in sorted((data / BONE_AGE / "images_full").glob("*.png")) if p.stem not in seen]
    trained = {h.name for h in split_boxed(data)[0]} | seen | {p.stem for p in full} | {h.name for h, _ in boxed}
    small = [p for p in (data / BONE_AGE / "images_100px").glob("*.png") if p.stem not in trained]
    small.sort(key=lambda p: hashlib.sha256(p.stem.encode()).hexdigest())
    groups: Mapping[str, Iterable[Grey]] = {
        "boxed_held_out": (pixels for _, (pixels, _) in boxed),
        "full_size_films": (grey(p) for p in full),
        "small_films": (grey(p) for p in small[:FILMS_FOR_THE_GATE]),
        "fracatlas_adult_hand": (grey(data / "fracatlas" / "IMG0003310.jpg") for _ in range(1)),
    }
    return _count(groups, lambda pixels: finder.find(pixels).is_hand, "accepted")


def _refused(finder: HandFinder, data: Path) -> _Table:
    def pictures(pattern: str) -> list[Path]:
        return sorted(data.glob(pattern))

    groups: Mapping[str, Iterable[Grey]] = {
        "mednist_chest_ct": (grey(p) for p in pictures(f"{MEDNIST}/ChestCT/*.jpeg")),
        "mednist_breast_mri": (grey(p) for p in pictures(f"{MEDNIST}/BreastMRI/*.jpeg")),
        "fracatlas_knee_and_leg": (grey(p) for p in pictures("fracatlas/IMG000*.jpg") if not p.stem.endswith("10")),
        "pelvis": (_dicom(p) for p in pictures("dicom-radoss-pelvis/*.dcm")),
        "dog_thorax_and_ct": (_dicom(p) for p in pictures("sr-and-seg-highdicom/*_image.dcm")),
        "dermoscopy": (grey(p) for p in pictures("isic-dermoscopy/*.jpg")),
        "foot_photographs": (grey(p) for p in pictures("fuseg-foot-photos/**/*.png")),
        "noise_and_patterns": _patterns(),
    }
    return _count(groups, lambda pixels: not finder.find(pixels).is_hand, "refused")


def _count(groups: Mapping[str, Iterable[Grey]], right: Callable[[Grey], bool], word: str) -> _Table:
    table: _Table = {}
    for name, pictures in groups.items():
        answers = [right(pixels) for pixels in track(list(pictures), name.replace("_", " "))]
        table[f"{name}"] = len(answers)
        table[f"{name}_{word}"] = sum(answers)
    return table


def _patterns() -> list[Grey]:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:300, 0:260]
    patterns = [rng.random((300, 260)), (x // 20 + y // 20) % 2, x / 260, np.zeros((300, 260)), np.ones((300, 260))]
    return [np.asarray(p, np.float32) for p in patterns]


def _dicom(path: Path) -> Grey:
    dataset = dcmread(path)
    pixels = dataset.pixel_array  # the pelvis films hold three equal channels
    image = scoring_image(dataset, pixels, read_image_reference(dataset, "0" * 64, ""))
    return np.asarray(image.pixels if image.pixels.ndim == 2 else image.pixels.mean(2), np.float32)


def _film(data: Path, name: str) -> Grey:
    if name.startswith("IMG"):
        return grey(data / "fracatlas" / f"{name}.jpg")
    return grey(data / BONE_AGE / "images_full" / f"{name}.png")


def _beside(left: Grey, right: Grey) -> Grey:
    """Two films as one, at one height and one exposure."""
    height = 400
    parts = []
    for film in (left, right):
        size = (max(1, round(film.shape[1] * height / film.shape[0])), height)
        part = np.asarray(Image.fromarray((film * 255).astype(np.uint8)).resize(size), np.float32)
        low, high = np.percentile(part, (5, 99))
        parts.append(np.clip((part - low) / max(high - low, 1.0), 0, 1))
    return np.hstack(parts).astype(np.float32)


def _site_errors(search: HandSearch, truth: Points) -> npt.NDArray[np.float64]:
    found = np.array([[search.hands[0].sites[s].x, search.hands[0].sites[s].y] for s in SITES])
    return np.asarray(np.hypot(*(found - truth[[INDEX[s] for s in SITES]]).T) / _width(truth))


def _width(points: Points) -> float:
    return WIDTH_OVER_KNUCKLES * float(np.hypot(*(of(points, "MCP2") - of(points, "MCP5"))))


def _is_left(points: Points) -> bool:
    """True when the thumb lies to the viewer's right on an upright film."""
    return bool(of(points, "MCP2")[0] > of(points, "MCP5")[0])


def _summary(errors: Sequence[npt.NDArray[np.float64]], missed: int) -> _Table:
    values = np.array(errors)
    return {
        "hands": len(errors) + missed,
        "hands_missed": missed,
        "median": rounded(np.median(values)),
        "p95": rounded(np.percentile(values, 95)),
        "largest": rounded(values.max()),
    }


def _by_name(errors: Sequence[npt.NDArray[np.float64]], names: Sequence[str]) -> _Table:
    return {name: rounded(v) for name, v in zip(names, np.median(np.array(errors), axis=0), strict=True)}


def as_toml(tables: Mapping[str, _Table]) -> str:
    """The tables as TOML text."""
    lines = ["# Written by python -m scoring.anatomy.evaluation; distances in hand widths. Never edited by hand."]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {value}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
