"""What lies apart from the main row is measured, whichever way a picture was held."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from scoring.capillaroscopy.capillary_network import BAND_UM, UM_PER_PX
from scoring.capillaroscopy.row_scatter import apart_mm

SIDE = 300
BEND = 4e-4
"""Of a row, in pixels: over a picture it sinks by a hundred micrometres or two, as behind a nail."""


def row(*places: float, turn: float = 0.0, sure: float = 1.0, length: float = 260) -> Tensor:
    """Rows that lie so many micrometres from the middle, turned about it."""
    y, x = (np.indices((SIDE, SIDE)) - SIDE / 2).astype(float)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    seen = [
        (np.abs(across - place / UM_PER_PX - BEND * along**2) < BAND_UM / UM_PER_PX / 2) & (np.abs(along) < length / 2)
        for place in places
    ]
    return torch.from_numpy(np.where(np.any(seen, 0), sure, 0.0).astype(np.float32))


@pytest.mark.parametrize("turn", np.linspace(0, np.pi, 7))
def test_one_row_has_nothing_apart_however_the_picture_is_turned(turn: float) -> None:
    assert apart_mm(row(0, turn=turn)) == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("turn", [0.0, 0.5, 1.2])
def test_a_second_row_is_measured(turn: float) -> None:
    second = row(-300, turn=turn, length=100)
    assert apart_mm(torch.maximum(row(200, turn=turn), second)) == pytest.approx(100 * UM_PER_PX / 1000, rel=0.1)


def test_places_that_are_not_rather_sure_do_not_count() -> None:
    assert apart_mm(torch.maximum(row(200), row(-300, sure=0.4))) == pytest.approx(0, abs=0.005)
    assert apart_mm(torch.full((80, 90), 0.4)) == 0


def test_capillaries_all_over_lie_apart_of_any_row() -> None:
    all_over = row(-450, -150, 150, 450)
    assert apart_mm(all_over) > 0.5 * 4 * 260 * UM_PER_PX / 1000
