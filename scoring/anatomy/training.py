"""Train the anatomy networks: ``python -m scoring.anatomy.training --data DIR --out DIR --seed 7``.

DIR of ``--data`` holds ``rsna-bone-age``, ``rsna-roi-boxes`` and ``mednist``. Killed, and given the same command again,
it goes on where it was and ends with the same weights.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from scoring.anatomy.film_view import contrast, inverse, moved, sampled
from scoring.anatomy.found_hand import CANONICAL_HEIGHT, CANONICAL_WIDTH
from scoring.anatomy.hand_shape import HandShape, learn_shape
from scoring.anatomy.landmarks import LANDMARKS
from scoring.anatomy.learning import OVERVIEW_EPOCHS, SITE_EPOCHS, learn_overview, learn_sites
from scoring.anatomy.network_files import overview_file, sites_file
from scoring.anatomy.site_material import SiteMaterial
from scoring.anatomy.site_network import SiteNetwork, peaks
from scoring.anatomy.training_sets import learnt_from, other_canvases, palm_material, site_material, training_hands
from scoring.errors import RheumascoreError, TrainingError
from scoring.learning.data_sets import RSNA_TERMS
from scoring.learning.progress import progress_on_stderr
from scoring.learning.run_files import RunFiles
from scoring.learning.run_folder import RunFolder
from scoring.networks.torch_start import start_torch
from scoring.score_rules.sharp_van_der_heijde import SITES

_COMMAND: Final = "python -m scoring.anatomy.training --data DIR --out DIR --seed {seed}"
_STATEMENT: Final = (
    "Finding and orienting the hand was learnt on films of children without arthritis and on synthetic images; for "
    "research use only"
)
_LICENCE: Final = f"{RSNA_TERMS}, MedNIST CC BY-SA 4.0"
_OVERVIEW_LEARNT: Final = "way up and gate: real hand films, phantoms, and other anatomy"
_SITES_LEARNT: Final = "side and joint centres: children's hand films and phantoms"
_HANDS: Final = (
    "RSNA Pediatric Bone Age Challenge 2017 (Halabi SS et al., Radiology 2018;290:498-503)",
    "joint boxes (Koitka S et al., PLoS ONE 2018;13(11):e0207496)",
    "sites placed by eye by a software developer (sites_placed_by_eye.csv)",
    "phantoms of scoring.phantoms.hand",
)
_MEDNIST: Final = "MedNIST (B. J. Erickson, Mayo Clinic; CC BY-SA 4.0)"
_LOADERS: Final = 1
"""Processes that make batches ahead of the network."""


def main() -> None:
    """Parse the command line, train both networks, write the weights and their record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with rsna-bone-age, rsna-roi-boxes, mednist")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; weights and weights.toml go there")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shorter", type=float, default=1.0, help="divide the number of epochs, for a trial")
    chosen = parser.parse_args()
    try:
        train(chosen.data, chosen.out, chosen.seed, chosen.shorter)
    except RheumascoreError as error:
        raise SystemExit(f"{error.code}: {error}") from None


def train(data: Path, out: Path, seed: int, shorter: float = 1.0) -> None:
    """Train both networks from the seed and write them, with ``weights.toml``, into ``out``, the folder of the run.

    LabelError when ``data`` lacks a data set; TrainingError as the training loop and the run's folder raise it.
    """
    if not shorter > 0:
        raise TrainingError(f"--shorter is {shorter:g}; allowed are numbers above 0, and 1 is the whole training.")
    overview_epochs, site_epochs = (max(1, round(epochs / shorter)) for epochs in (OVERVIEW_EPOCHS, SITE_EPOCHS))
    start_torch()
    dealt = learnt_from(data, seed)
    identity = {"system": "hand finder", "epochs": [overview_epochs, site_epochs], "seed": seed}
    with progress_on_stderr() as progress, RunFolder(out, identity | {"data": dealt.data_sha256}) as run:
        run.kept(dealt)
        hands = training_hands(data, progress)
        palms, sites = palm_material(hands, other_canvases(data, seed)), site_material(hands)
        overview = learn_overview(
            palms, overview_epochs, seed, run.part("overview"), loaders=_LOADERS, progress=progress
        )
        finder = learn_sites(sites, site_epochs, seed, run.part("sites"), loaders=_LOADERS, progress=progress)
        files = RunFiles(
            "", out, _STATEMENT, _LICENCE, _SITES_LEARNT, _HANDS, _COMMAND.format(seed=seed), demonstration=True
        )
        others_too = replace(files, data=(*_HANDS, _MEDNIST), learnt_from=_OVERVIEW_LEARNT)
        files.write_record(
            [
                others_too.write("overview", "overview.safetensors", overview_file(overview)),
                files.write("sites", "sites.safetensors", sites_file(finder, _shape(finder, sites))),
            ]
        )


def _shape(network: SiteNetwork, hands: SiteMaterial) -> HandShape:
    """The shape of the training hands; sites without truth are taken where the trained network sees them."""
    wanted = [LANDMARKS.index(site) for site in SITES]
    known: list[npt.NDArray[np.float64]] = []
    with torch.inference_mode():
        for canvas, points, affine in zip(hands.canvases, hands.points, hands.affines, strict=True):
            picture = torch.from_numpy(canvas.astype(np.float32))[None]
            view = sampled(picture, torch.from_numpy(affine)[None], CANONICAL_HEIGHT, CANONICAL_WIDTH)
            seen = peaks(network(contrast(view))).places[0].double().numpy()
            truth = moved(inverse(affine.astype(np.float64)), points.astype(np.float64))
            known.append(np.where(np.isfinite(truth), truth, seen)[wanted])
    return learn_shape(np.array(known))


if __name__ == "__main__":
    main()
