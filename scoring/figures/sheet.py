"""The sheet that every figure is drawn on: one style, colours safe for the colour-blind, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Form = Literal["svg", "png"]

# Okabe and Ito's palette: told apart in every common form of colour blindness, and in grey by its brightness.
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
GREEN: Final = "#009E73"
GREY: Final = "#595959"
CURVES: Final = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
LINES: Final = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
"""A curve differs from the next by its dashes too."""

_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar in a reader's name is a dollar
    "svg.fonttype": "path",  # letters as outlines: needs no font where it is read
    "svg.hashsalt": "rheumascore",  # else identifiers are random
    "savefig.dpi": 150,
}


class Sheet:
    """One pair of axes and what becomes of it."""

    def __init__(self, width: float, height: float) -> None:
        self._figure = Figure(figsize=(width, height), layout="constrained")
        self.axes: Axes = self._figure.add_subplot()

    @property
    def figure(self) -> Figure:
        """The whole figure, for a colour bar."""
        return self._figure

    def image(self, form: Form) -> bytes:
        """The bytes of an SVG or PNG file, without date or program version. Within ``drawing`` only."""
        file = io.BytesIO()
        unsigned = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        self._figure.savefig(file, format=form, metadata=unsigned)
        return file.getvalue()


@contextmanager
def drawing(width: float = 6.0, height: float = 4.2) -> Iterator[Sheet]:
    """A sheet of ``width`` x ``height`` inches in our style, whatever the user's settings of matplotlib are."""
    with rc_context():
        rcdefaults()
        rcParams.update(_STYLE)
        yield Sheet(width, height)
