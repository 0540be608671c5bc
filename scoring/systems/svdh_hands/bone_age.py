"""Children's hand films with their skeletal age: what the trunks are pre-trained on, as in the paper.

The folder is that of the RSNA Pediatric Bone Age Challenge 2017 (Halabi et al., Radiology 2018;290:498-503):
``labels.csv`` with ``id`` and ``boneage_months`` (or ``boneage``), and films ``ID.png`` in any folder below it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from scoring.errors import LabelError
from scoring.learning.batch_stream import Batch
from scoring.learning.losses import regression_loss
from scoring.learning.progress import Progress, silent
from scoring.learning.showing_order import Order, shuffled
from scoring.phantoms.damaged_hands.real_films import FULL_SIZE
from scoring.systems.svdh_hands.preprocessing import Views, normalised, view_shape

_TABLE: Final = "labels.csv"
_MONTHS: Final = ("boneage_months", "boneage")
MIDDLE_YEARS: Final = 10.5
"""Ages are learnt as years from here."""
_TOLERANCE_YEARS: Final = 1.0
_SHIFT_OF_ROWS: Final = 0.06
_GRAIN: Final = 4.0


@dataclass(frozen=True)
class AgeBook:
    """``views`` (n, rows, columns), 0..255: whole films brought to one shape; ``years`` (n,) of skeletal age."""

    views: Views
    years: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.views)


def age_book(folder: Path, pixels: int, progress: Progress = silent) -> AgeBook:
    """Every film below the folder that its table names; LabelError when the table or the films are not there.

    Children of whom a film lies in a folder ``images_full`` are left to those who measure on such films.
    """
    months = _ages(folder / _TABLE)
    films: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.png")):
        films.setdefault(path.stem, []).append(path)
    kept = {name for name, paths in films.items() if not any(path.parent.name == FULL_SIZE for path in paths)}
    chosen = sorted(kept & months.keys())
    if not chosen:
        raise LabelError(f"No film that {_TABLE} names is below {folder.name}; wanted ID.png for its ids.")
    rows, columns = view_shape(pixels)
    views = np.empty((len(chosen), rows, columns), np.uint8)
    for number, name in enumerate(chosen):
        with Image.open(films[name][0]) as film:
            views[number] = np.asarray(film.convert("L").resize((columns, rows), Image.Resampling.BILINEAR))
        progress("bone-age films read", number + 1, len(chosen))
    return AgeBook(views, np.array([months[name] / 12 for name in chosen], np.float32))


@dataclass(frozen=True)
class AgeMaterial:
    """The films of a book in a new order every epoch, shifted and grained."""

    book: AgeBook

    def order(self, chance: np.random.Generator) -> Order:
        """All films."""
        return shuffled(len(self.book), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """Views and years from the middle of childhood."""
        views = self.book.views[chosen].astype(np.float32)
        reach = round(views.shape[1] * _SHIFT_OF_ROWS)
        moved = [
            np.roll(one, chance.integers(-reach, reach + 1, 2).tolist(), (0, 1)) for one in views
        ]  # what leaves on one side is film's rim on the other
        seen = np.stack(moved) + chance.normal(0, _GRAIN, views.shape).astype(np.float32)
        years = self.book.years[chosen] - np.float32(MIDDLE_YEARS)
        return {"views": normalised(torch.from_numpy(seen)[:, None]), "years": torch.from_numpy(years)}


def age_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Smooth L1 of the age."""
    return regression_loss(network(batch["views"]), batch["years"], _TOLERANCE_YEARS)


def _ages(table: Path) -> dict[str, float]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        column = next(name for name in _MONTHS if rows and name in rows[0])
        return {row["id"]: float(row[column]) for row in rows}
    except (OSError, UnicodeDecodeError, StopIteration, KeyError, ValueError) as error:
        raise LabelError(
            f"{table.name} of the bone-age films cannot be read ({type(error).__name__}); wanted the columns id and "
            f"{' or '.join(_MONTHS)}, in months."
        ) from None
