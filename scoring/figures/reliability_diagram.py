"""How often it was so, against how likely it was said to be (a reliability diagram)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.calibration_error import reliability
from scoring.figures.sheet import BLUE, GREY, Form, drawing


def reliability_diagram(
    truth: npt.ArrayLike, probability: npt.ArrayLike, *, bins: int = 10, form: Form = "svg"
) -> bytes:
    """The curve of ``reliability``; the area of a point is the share of rows in its bin. Raises as that does."""
    curve = reliability(truth, probability, bins)
    with drawing(4.8, 4.6) as sheet:
        axes = sheet.axes
        axes.grid(True)
        axes.plot((0, 1), (0, 1), color=GREY, linewidth=1, linestyle="--", label="perfectly calibrated")
        axes.plot(curve.said, curve.seen, color=BLUE, linewidth=1)
        axes.scatter(curve.said, curve.seen, s=12 + 400 * curve.count / curve.count.sum(), color=BLUE, zorder=3)
        axes.vlines(np.linspace(0, 1, bins + 1), 0, 0.015, color=GREY, linewidth=0.8)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set(xlabel="Probability said", ylabel="Share that was so")
        axes.legend(loc="upper left")
        return sheet.image(form)
