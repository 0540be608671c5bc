"""Teach the view gate: ``python -m scoring.capillaroscopy.view_training --out DIR``. It needs no picture of anybody.

Nailfolds are phantoms; what is none is drawn: skin under the same lens, and things of all kinds. ``--nailfolds DIR``
and ``--others DIR`` add real pictures that show one or none; the weights then carry their licence.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from scoring.capillaroscopy.view_gate import ROLE, THRESHOLD, gate_probabilities
from scoring.capillaroscopy.view_material import ViewBook, ViewMaterial, drawn_book, real_book, together
from scoring.capillaroscopy.view_network import ViewNetwork
from scoring.learning.batch_stream import Batch
from scoring.learning.course import Course
from scoring.learning.data_sets import NAILFOLD_PHANTOMS, OURS
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.learning.run_files import RunFiles
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import fit
from scoring.networks.torch_start import start_torch

FILE: Final = "view_gate.safetensors"
TRAINING_SEED, VALIDATION_SEED = 810_000, 830_000
"""Of the first picture; each has a patient of its own."""
TRAINING_PICTURES, VALIDATION_PICTURES = 1200, 250
"""Nailfolds, and as many others."""
_REAL_SHARE: Final = 3
"""To so many drawn pictures of a kind one real one is shown, however few there are."""
_MISSED: Final = 0.004
"""Share of the validation's nailfolds that lie below the threshold: those blurred until hardly anything is left."""
_HIGHEST_THRESHOLD: Final = 0.5
STATEMENT: Final = "what is a nailfold was learnt on {what}; for research use only"
_LEARNT_FROM: Final = "Nailfold or not: drawn nailfolds, drawn skin without one and drawn pictures of other things"


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the run's folder; given again, training goes on")
    parser.add_argument("--nailfolds", type=Path, help="a folder of real nailfolds, to learn from")
    parser.add_argument("--others", type=Path, help="a folder of real pictures that show no nailfold, to learn from")
    parser.add_argument("--licence", default="", help="of these pictures, and so of the weights")
    parser.add_argument("--epochs", type=int, default=24)
    chosen = parser.parse_args()
    course = Course(epochs=chosen.epochs, batch=40, rate=4e-3, seed=7)
    real = RealPictures(chosen.nailfolds, chosen.others, chosen.licence)
    with progress_on_stderr() as progress:
        shown = real.books(TRAINING_PICTURES // _REAL_SHARE)
        book = together((drawn_book(TRAINING_SEED, TRAINING_PICTURES, progress), *shown))
        kept = drawn_book(VALIDATION_SEED, VALIDATION_PICTURES, progress)
        train(chosen.out, book, kept, course, progress, real)


@dataclass(frozen=True, slots=True)
class RealPictures:
    """Folders of real pictures that teach beside the drawn ones, and their licence; of neither there need be any."""

    nailfolds: Path | None = None
    others: Path | None = None
    licence: str = ""

    @property
    def folders(self) -> Mapping[str, Path]:
        """Those that there are, by what their option is called."""
        named = {"nailfolds": self.nailfolds, "others": self.others}
        return {option: folder for option, folder in named.items() if folder}

    def books(self, squares: int) -> list[ViewBook]:
        """At least so many squares of each kind; LabelError when a folder has no picture."""
        return [real_book(f, nailfold=option == "nailfolds", squares=squares) for option, f in self.folders.items()]


def train(
    out: Path, book: ViewBook, kept: ViewBook, course: Course, progress: Progress, real: RealPictures | None = None
) -> Path:
    """Learn from ``book``, choose weights and threshold on ``kept``; the file in ``out``, listed in its weights.toml.

    ``real``: of whose pictures the book has some. TrainingError as the loop's.
    """
    folders = real.folders if real else {}
    names = " and ".join(folder.name for folder in folders.values())
    start_torch()
    torch.manual_seed(course.seed)
    network = ViewNetwork()
    with RunFolder(out, {"what": "view gate", "epochs": course.epochs, "pictures": len(book)}) as run:
        measure = lambda trained: -_loss_on(trained, kept)  # noqa: E731 (one expression, handed on)
        fit(network, ViewMaterial(book), _loss, course, run.part("view_gate"), measure=measure, progress=progress)
        files = RunFiles(
            "",
            out,
            STATEMENT.format(what="drawn pictures and real ones" if names else "drawn pictures only"),
            licence=(real.licence if real else "") or (f"that of the pictures in {names}" if names else OURS),
            learnt_from=_LEARNT_FROM + (f", and real pictures ({names})" if names else ""),
            data=(NAILFOLD_PHANTOMS, *([names] if names else [])),
            command=" ".join(
                ("python -m scoring.capillaroscopy.view_training --out RUN", *(f"--{o} DIR" for o in folders))
            ),
            demonstration=True,
        )
        files.write_record([files.write(ROLE, FILE, _file(network, threshold_of(network, kept)))])
    return out / FILE


def threshold_of(network: nn.Module, kept: ViewBook) -> float:
    """The probability under which a picture is refused: hardly any nailfold has less."""
    nailfolds = gate_probabilities(network, kept.squares[kept.nailfold == 1])
    return float(np.clip(np.quantile(nailfolds, _MISSED), 0.01, _HIGHEST_THRESHOLD))


def _loss(network: nn.Module, batch: Batch) -> Tensor:
    return functional.binary_cross_entropy_with_logits(network(batch["views"]), batch["nailfold"])


def _loss_on(network: nn.Module, kept: ViewBook) -> float:
    said = np.clip(gate_probabilities(network, kept.squares), 1e-6, 1 - 1e-6)
    return float(-np.log(np.where(kept.nailfold == 1, said, 1 - said)).mean())


def _file(network: nn.Module, threshold: float) -> bytes:
    """Filters in half precision, what may be tiny in full, and the threshold."""
    tensors = {
        name: (value.half() if value.ndim > 1 else value).contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return bytes(save(tensors | {THRESHOLD: torch.tensor(threshold)}))


if __name__ == "__main__":
    main()
