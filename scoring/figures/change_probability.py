"""Cumulative probability of change: every patient of a trial in one curve (Landewé and van der Heijde 2004)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import scores
from scoring.errors import AgreementError
from scoring.figures.sheet import CURVES, GREY, LINES, Form, drawing


def change_probability_plot(
    changes: Mapping[str, npt.ArrayLike], *, smallest_detectable: float | None = None, form: Form = "svg"
) -> bytes:
    """Changes of score in order, against the share of patients with no more: a curve for each arm or reader, (n,) each.

    The i-th of n patients lies at (i - ½) / n. ``smallest_detectable`` draws the band -/+ SDC, in which a change may be
    reading error. AgreementError when there is no curve; UndefinedMeasureError when one is empty.
    """
    if not changes:
        raise AgreementError("A plot of changes needs one or more series, got none.")
    with drawing() as sheet:
        axes = sheet.axes
        axes.axhline(0, color=GREY, linewidth=0.8)
        if smallest_detectable is not None:
            label = f"± SDC {smallest_detectable:.1f}"
            axes.axhspan(-smallest_detectable, smallest_detectable, color=GREY, alpha=0.15, linewidth=0, label=label)
        for (name, of_patients), colour, dashes in zip(changes.items(), cycle(CURVES), cycle(LINES), strict=False):
            ordered = np.sort(scores(of_patients))
            share = (np.arange(len(ordered)) + 0.5) / len(ordered)
            few = "." if len(ordered) <= 60 else ""
            axes.plot(
                100 * share, ordered, color=colour, linestyle=dashes, marker=few, label=f"{name}, n = {len(share)}"
            )
        axes.set(xlim=(0, 100), xlabel="Cumulative probability, % of patients", ylabel="Change of score")
        axes.legend(loc="upper left")
        return sheet.image(form)
