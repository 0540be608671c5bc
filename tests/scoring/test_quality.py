"""Quality: a verdict for what a film's joints look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from scoring.phantoms.hand import draw_hand
from scoring.quality import DIAGNOSTIC, LIMITED, NON_DIAGNOSTIC, hand_quality, verdict


@pytest.fixture(scope="module")
def joints() -> npt.NDArray[np.float32]:
    """Squares of a phantom film around its finger joints, 0..1."""
    phantom = draw_hand(4, severity=0.0, grows=False)
    low, high = np.percentile(phantom.pixels, (1, 99.9))
    pixels = np.clip((phantom.pixels - low) / (high - low), 0.01, 0.99)
    places = [phantom.centres[site] for site in ("PIP2", "PIP3", "PIP4", "MCP2", "MCP3", "MCP4")]
    return np.stack([pixels[int(y) - 32 : int(y) + 32, int(x) - 32 : int(x) + 32] for x, y in places])


def test_an_ordinary_film_is_diagnostic(joints: npt.NDArray[np.float32]) -> None:
    assert hand_quality(joints).faults == ()
    assert verdict([hand_quality(joints)]) == DIAGNOSTIC


def test_a_burnt_out_film_is_limited(joints: npt.NDArray[np.float32]) -> None:
    bright = hand_quality(np.clip(joints / np.quantile(joints, 0.6), 0, 1))
    dark = hand_quality(np.clip(joints - np.quantile(joints, 0.4), 0, 1))
    assert bright.faults == ("under_exposed",)
    assert dark.faults == ("over_exposed",)
    assert verdict([hand_quality(joints), bright]) == LIMITED


def test_a_blurred_film_is_limited(joints: npt.NDArray[np.float32]) -> None:
    blurred = np.stack([gaussian_filter(one, 6) for one in joints])
    assert hand_quality(blurred).faults == ("blurred",)


def test_a_film_without_contrast_or_without_a_hand_is_not_diagnostic(joints: npt.NDArray[np.float32]) -> None:
    assert verdict([hand_quality(joints * 0.02 + 0.5)]) == NON_DIAGNOSTIC
    assert verdict([]) == NON_DIAGNOSTIC
