"""Difference against mean of two readings, with bias and limits (Bland and Altman, Lancet 1986;1:307)."""

from __future__ import annotations

import numpy.typing as npt

from scoring.agreement.limits_of_agreement import limits_of_agreement
from scoring.agreement.series import score_pair
from scoring.figures.sheet import BLUE, GREY, VERMILION, Form, drawing


def bland_altman_plot(
    truth: npt.ArrayLike,
    said: npt.ArrayLike,
    *,
    truth_name: str = "readers",
    said_name: str = "model",
    form: Form = "svg",
) -> bytes:
    """One point a pair, both (n,). Raises as ``limits_of_agreement`` does."""
    wanted, found = score_pair(truth, said)
    limits = limits_of_agreement(wanted, found)
    with drawing() as sheet:
        axes = sheet.axes
        axes.scatter((wanted + found) / 2, found - wanted, s=16, color=BLUE, alpha=0.55, linewidths=0)
        axes.axhline(0, color=GREY, linewidth=0.8)
        lines = (("bias", limits.bias, "-"), ("upper limit", limits.upper, "--"), ("lower limit", limits.lower, "--"))
        for name, height, dashes in lines:
            axes.axhline(height, color=VERMILION, linestyle=dashes)
            words = f"{name} {height:.1f}".replace("-", "−")
            axes.annotate(
                words, (1, height), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                va="center", color=VERMILION, annotation_clip=False,
            )  # fmt: skip
        axes.set_xlabel(f"Mean of {truth_name} and {said_name}")
        axes.set_ylabel(f"{said_name.capitalize()} − {truth_name}")
        return sheet.image(form)
