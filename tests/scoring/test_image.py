"""Pixels come into one convention: bone bright, 0..1, on the source's grid."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from scoring.errors import ImageUnreadableError
from scoring.image import ScoringImage, scoring_image
from scoring.study import read_image_reference

STORED = np.array([[0, 1000], [2000, 4000]], np.uint16)


def header(**attributes: object) -> Dataset:
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsStored, dataset.PixelRepresentation = 12, 0
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def pixels(dataset: Dataset, stored: np.ndarray = STORED) -> np.ndarray:
    return scoring_image(dataset, stored, read_image_reference(dataset, "", "")).pixels


def test_monochrome1_is_the_same_picture_inverted() -> None:
    inverted = (4000 - STORED).astype(np.uint16)
    np.testing.assert_allclose(
        pixels(header(PhotometricInterpretation="MONOCHROME1"), inverted), pixels(header()), atol=1e-6
    )


def test_inverse_presentation_shape_counts_as_monochrome1() -> None:
    assert pixels(header(PresentationLUTShape="INVERSE"))[0, 0] == 1.0


def test_the_window_clips() -> None:
    shown = pixels(header(WindowCenter=1500, WindowWidth=1000))
    assert shown[0, 0] == 0.0 and shown[1, 1] == 1.0


def test_a_broken_window_leaves_the_values_as_they_are() -> None:
    np.testing.assert_allclose(pixels(header(WindowCenter=5, WindowWidth=0)), pixels(header()))


def test_padding_does_not_stretch_the_range() -> None:
    padded = STORED.copy()
    padded[0, 0] = 65535
    assert pixels(header(PixelPaddingValue=65535), padded)[1, 1] == 1.0


def test_a_blank_image_is_unreadable() -> None:
    with pytest.raises(ImageUnreadableError, match="same value"):
        pixels(header(), np.full((4, 4), 7, np.uint16))


@pytest.mark.parametrize(
    ("attributes", "spacing", "plane"),
    [
        ({"ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "imager"),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "imager"),
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (0.1, 0.1),
            "patient",
        ),
        ({"PixelSpacing": [0, 0]}, None, "unknown"),
        ({}, None, "unknown"),
    ],
)
def test_spacing_says_at_which_plane_it_holds(
    attributes: dict[str, object], spacing: tuple[float, float] | None, plane: str
) -> None:
    dataset = header(**attributes)
    image = scoring_image(dataset, STORED, read_image_reference(dataset, "", ""))
    assert (image.spacing_mm, image.spacing_of) == (spacing, plane)


def photograph(stored: np.ndarray, **attributes: object) -> ScoringImage:
    dataset = header(PhotometricInterpretation="RGB", Rows=600, Columns=800, **attributes)
    return scoring_image(dataset, stored, read_image_reference(dataset, "", ""))


def test_a_photograph_through_a_lens_has_pixels_finer_than_any_film() -> None:
    spacing = [0.0003, 0.0003]
    assert photograph(np.zeros((600, 800, 3), np.uint8), PixelSpacing=spacing).spacing_mm == (0.0003, 0.0003)
    film = header(PixelSpacing=spacing)
    assert scoring_image(film, STORED, read_image_reference(film, "", "")).spacing_mm is None


def test_a_photograph_that_was_made_smaller_says_so_and_has_larger_pixels() -> None:
    image = photograph(np.zeros((300, 400, 3), np.uint8), PixelSpacing=[0.002, 0.002])
    assert image.scale == 0.5
    assert image.spacing_mm == (0.004, 0.004)
