"""How often each true grade was said to be each grade."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import grade_pair
from scoring.errors import AgreementError
from scoring.figures.sheet import Form, drawing


def confusion_matrix(
    truth: npt.ArrayLike,
    said: npt.ArrayLike,
    names: Sequence[str],
    *,
    truth_name: str = "readers",
    said_name: str = "model",
    form: Form = "svg",
) -> bytes:
    """Counts in cells, shade by share of the row, so that a rare grade shows; both (n,) of grades 0..len(names) - 1."""
    if not names:
        raise AgreementError("A confusion matrix needs the names of its grades.")
    wanted, found = grade_pair(truth, said, len(names) - 1)
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (wanted, found), 1)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = 2.0 + 0.55 * len(names)
    with drawing(size + 0.8, size) as sheet:
        axes = sheet.axes
        shades = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            ink = "white" if share[row, column] > 0.6 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=ink, fontsize=9)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=said_name.capitalize(), ylabel=truth_name.capitalize())
        sheet.figure.colorbar(shades, ax=axes, label="Share of the row", shrink=0.85)
        return sheet.image(form)
