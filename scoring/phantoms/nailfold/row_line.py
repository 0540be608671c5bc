"""The line that the distal row follows, and the edge of the fold in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Lengths = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class RowLine:
    """The fold is an arch around the nail: its sides lie further back. All lengths in micrometres."""

    arch_um: float
    """Radius of the arch."""
    wave_um: float
    wave_length_um: float
    phase: float
    edge_um: float
    """From the row to the edge of the fold."""
    cuticle_um: float
    """Breadth of the cuticle in front of the edge."""

    def v(self, u: Lengths) -> Lengths:
        """Where the row lies."""
        wave = np.sin(2 * np.pi * u / self.wave_length_um + self.phase)
        return np.asarray(u * u / (2 * self.arch_um) + self.wave_um * wave)

    def edge_v(self, u: Lengths) -> Lengths:
        """Where the skin of the fold ends."""
        return np.asarray(self.v(u) - self.edge_um - 0.5 * self.wave_um * np.sin(2 * np.pi * u / 390 + 2 * self.phase))


def draw_row_line(draw: np.random.Generator) -> RowLine:
    """A row of one finger."""
    return RowLine(
        arch_um=float(draw.uniform(5000, 14000)),
        wave_um=float(draw.uniform(3, 14)),
        wave_length_um=float(draw.uniform(700, 1500)),
        phase=float(draw.uniform(0, 2 * np.pi)),
        edge_um=float(draw.uniform(60, 170)),
        cuticle_um=float(draw.uniform(40, 130)),
    )
