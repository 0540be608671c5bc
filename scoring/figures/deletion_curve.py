"""How fast a score falls when what a heatmap calls important is taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scoring.figures.sheet import CURVES, LINES, Form, drawing


def deletion_curve(shares: Sequence[float], curves: Mapping[str, Sequence[float]], *, form: Form = "svg") -> bytes:
    """``shares`` of the film's area that are taken away; by name, the share of the score that is left at each."""
    with drawing(5.4, 4.0) as sheet:
        axes = sheet.axes
        axes.grid(True)
        for (name, left), colour, dashes in zip(curves.items(), CURVES, LINES, strict=False):
            axes.plot([100 * share for share in shares], left, color=colour, linestyle=dashes, marker="o", label=name)
        axes.axhline(0.0, color="#595959", linewidth=0.8)
        axes.set(xlabel="Healed, % of the film's area", ylabel="Share of the damage's score left")
        axes.legend()
        return sheet.image(form)
