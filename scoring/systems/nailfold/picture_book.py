"""What the networks learn from: pictures of nailfolds with their labels, and with the places of parts where known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.learning.label_splits import LabelledCase
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS

Truth = npt.NDArray[np.float32]
"""(n, 5) in the order of ``NAILFOLD_LABELS``: 0..1, NaN where it could not be judged."""


@dataclass(frozen=True)
class PictureBook:
    """``n`` pictures of one size.

    ``views`` (n, rows, columns, 3), 0..255. ``patients`` by name and ``tones`` by group of skin tone, "" where nobody
    said. ``parts`` (n, 4, rows / 4, columns / 4) of ``part_maps`` and ``densities`` (n,) per mm: None where not drawn.
    """

    views: npt.NDArray[np.uint8]
    truth: Truth
    patients: tuple[str, ...]
    tones: tuple[str, ...]
    parts: npt.NDArray[np.uint8] | None = None
    densities: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.views)

    def only(self, chosen: npt.NDArray[np.bool_]) -> PictureBook:
        """The pictures for which ``chosen`` (n,) is true."""
        return PictureBook(
            self.views[chosen],
            self.truth[chosen],
            tuple(name for name, kept in zip(self.patients, chosen, strict=True) if kept),
            tuple(tone for tone, kept in zip(self.tones, chosen, strict=True) if kept),
            None if self.parts is None else self.parts[chosen],
            None if self.densities is None else self.densities[chosen],
        )

    def of(self, patients: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(n,): which pictures are of these patients."""
        return np.isin(np.array(self.patients), np.array(patients))

    def cases(self) -> tuple[LabelledCase, ...]:
        """Each picture as the splits know it."""
        return tuple(
            LabelledCase(
                patient,
                {label: bool(said) for label, said in zip(NAILFOLD_LABELS, present(row), strict=True) if said == said},
            )
            for patient, row in zip(self.patients, self.truth, strict=True)
        )


def present(truth: Truth) -> Truth:
    """Readers' means as yes (1) or no (0): yes where as many said yes as no. NaN stays."""
    return np.where(np.isnan(truth), np.nan, truth >= 0.5).astype(np.float32)
