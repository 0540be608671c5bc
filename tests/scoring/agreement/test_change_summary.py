"""The numbers beside the plot of changes, where edges decide."""

from __future__ import annotations

import pytest

from scoring.agreement.change_summary import change_summary
from scoring.errors import AgreementError, UndefinedMeasureError


def test_edges_fall_on_the_side_that_their_names_say() -> None:
    found = change_summary([-2, 0, 0.5, 3, 5], smallest_detectable=3)
    assert (found.patients, found.share_to_zero, found.share_to_half) == (5, 0.4, 0.6)
    assert found.share_beyond_detectable == 0.2, "3 is not above 3"
    assert found.share_from_important == 0.2, "5 is important"
    assert (found.lower_quartile, found.median, found.upper_quartile) == (0, 0.5, 3)
    assert (found.mean, found.standard_deviation) == pytest.approx((1.3, 2.7295), abs=1e-4)


def test_one_patient_is_no_summary_and_an_unknown_change_is_refused() -> None:
    with pytest.raises(UndefinedMeasureError):
        change_summary([1], smallest_detectable=3)
    with pytest.raises(AgreementError, match="unknown"):
        change_summary([1, float("nan")], smallest_detectable=3)
