"""Maps are read as loops and a length: one loop a hill, however broad, and the area of a band."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from scoring.capillaroscopy.apex_peaks import row_mm, seen_loops
from scoring.capillaroscopy.capillary_network import NailfoldMaps, log_width_of

ROWS, COLUMNS = 96, 128


def hill(x: float, y: float, height: float, spread: float = 2.0) -> Tensor:
    """Certainties, ``height`` at its top."""
    down, across = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    return height * torch.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * spread**2))


def maps(*hills: Tensor, diameter_um: float = 15.0, row: Tensor | None = None) -> NailfoldMaps:
    certainty = torch.stack(hills).amax(0).clamp(1e-6, 1 - 1e-6)
    width = torch.full((1, ROWS, COLUMNS), float(log_width_of(torch.tensor(diameter_um))))
    band = torch.zeros(ROWS, COLUMNS) if row is None else row
    return NailfoldMaps(
        torch.logit(certainty)[None], width, torch.logit(band.clamp(1e-9, 1 - 1e-6))[None], torch.zeros(1)
    )


def test_each_hill_is_a_loop_with_its_place_width_and_certainty() -> None:
    seen = seen_loops(maps(hill(30.3, 40.0, 0.7), hill(60.0, 41.6, 0.9), diameter_um=22.0), 0.35)
    assert seen.places.tolist() == [pytest.approx([60, 41.6], abs=0.2), pytest.approx([30.3, 40], abs=0.2)]
    assert seen.diameters_um.tolist() == pytest.approx([22, 22], rel=1e-4)
    assert seen.certainties.tolist() == pytest.approx([0.9, 0.7], abs=0.02)


def test_what_is_unsure_is_no_loop() -> None:
    assert len(seen_loops(maps(hill(30, 40, 0.3)), 0.35).places) == 0


@pytest.mark.parametrize(("diameter_um", "loops"), [(15.0, 2), (80.0, 1)])
def test_two_tops_within_one_diameter_are_one_capillary(diameter_um: float, loops: int) -> None:
    seen = seen_loops(maps(hill(40, 40, 0.8), hill(52, 40, 0.6), diameter_um=diameter_um), 0.35)
    assert len(seen.places) == loops
    assert seen.places[0].tolist() == pytest.approx([40, 40], abs=0.2)


def test_a_tip_at_the_very_edge_is_read() -> None:
    seen = seen_loops(maps(hill(0, ROWS - 1, 0.8)), 0.35)
    assert seen.places.tolist() == [pytest.approx([0, ROWS - 1], abs=1)]


def test_the_row_is_as_long_as_its_band_is_large() -> None:
    band = torch.zeros(ROWS, COLUMNS)
    band[40:60, 10:110] = 1  # 80 um broad, 400 um long
    assert row_mm(maps(hill(0, 0, 0.1), row=band)) == pytest.approx(0.4, rel=1e-3)
    assert row_mm(maps(hill(0, 0, 0.1), row=band / 2)) == pytest.approx(0.2, rel=1e-3)


def test_no_row_has_no_length() -> None:
    assert math.isclose(row_mm(maps(hill(0, 0, 0.1))), 0, abs_tol=1e-3)
