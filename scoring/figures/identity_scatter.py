"""What was said against what is true, with the line on which they are the same."""

from __future__ import annotations

import numpy.typing as npt

from scoring.agreement.series import score_pair
from scoring.figures.sheet import BLUE, GREY, Form, drawing


def identity_scatter(
    truth: npt.ArrayLike,
    said: npt.ArrayLike,
    *,
    truth_name: str = "readers",
    said_name: str = "model",
    form: Form = "svg",
) -> bytes:
    """One point a pair, both (n,), one scale on both axes. UndefinedMeasureError when there is no pair."""
    wanted, found = score_pair(truth, said)
    lowest, highest = min(wanted.min(), found.min()), max(wanted.max(), found.max())
    rim = 0.04 * (highest - lowest) or 1.0
    span = (lowest - rim, highest + rim)
    with drawing(4.8, 4.6) as sheet:
        axes = sheet.axes
        axes.grid(True)
        axes.plot(span, span, color=GREY, linewidth=1, linestyle="--", label="identity")
        axes.scatter(wanted, found, s=16, color=BLUE, alpha=0.55, linewidths=0)
        axes.set(xlim=span, ylim=span, aspect="equal")
        axes.set(xlabel=truth_name.capitalize(), ylabel=said_name.capitalize())
        axes.legend(loc="upper left")
        return sheet.image(form)
