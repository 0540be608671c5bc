"""The limit of certainty is where as many loops are counted as there are capillaries."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.capillaroscopy.chosen_certainty import LOOKED_AT_FROM, chosen_certainty, counted_from
from scoring.capillaroscopy.picture_measures import Loop, NotMeasured, PictureMeasures
from scoring.capillaroscopy.unseen_pictures import MeasuredPicture


def picture(true: int, *loops: tuple[float, float], too_blurry: bool = False, measured: bool = True) -> MeasuredPicture:
    """So many capillaries in sight, and found loops as (certainty, diameter)."""
    seen = tuple(Loop(float(n), 0.0, diameter, sure) for n, (sure, diameter) in enumerate(loops))
    found = PictureMeasures(seen, 0.5, 2.0 * len(seen), None, max((d for _, d in loops), default=None), None)
    return MeasuredPicture(
        patient="1",
        tone="light",
        too_blurry=too_blurry,
        um_per_px=3.0,
        tips_um=np.zeros((true, 2)),
        diameters_um=np.full(true, 15.0),
        row_mm=0.5,
        found=found if measured else NotMeasured("not_sharp"),
        written_over=False,
    )


def test_as_many_are_counted_as_there_are() -> None:
    pictures = [picture(2, (0.9, 15), (0.6, 14), (0.2, 60)), picture(1, (0.5, 12), (0.3, 12))]
    assert chosen_certainty(pictures) == 0.5


def test_blurry_pictures_and_those_without_measures_have_no_say() -> None:
    pictures = [picture(1, (0.9, 15), (0.4, 15)), picture(5, (0.8, 15), too_blurry=True), picture(9, measured=False)]
    assert chosen_certainty(pictures) == 0.9


@pytest.mark.parametrize("pictures", [[], [picture(0, (0.9, 15))], [picture(3, (0.9, 15))]])
def test_where_it_cannot_be_chosen_it_is_the_lowest(pictures: list[MeasuredPicture]) -> None:
    assert chosen_certainty(pictures) == LOOKED_AT_FROM


def test_a_higher_limit_counts_fewer_loops() -> None:
    found = counted_from(picture(2, (0.9, 15), (0.6, 14), (0.2, 60)), 0.5).found
    assert isinstance(found, PictureMeasures)
    assert (len(found.loops), found.density_per_mm, found.widest_um) == (2, 4.0, 15)


def test_a_higher_limit_leaves_what_was_not_measured() -> None:
    assert counted_from(picture(1, measured=False), 0.5).found == NotMeasured("not_sharp")
