"""What a phone's colours mean goes into the object as numbers; who made the profile does not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom import dcmread

from dicom_node.photographs.colour_profile import input_profile
from dicom_node.photographs.wrapping import wrap_photos
from tests.dicom_node.photographs.phone_pictures import phantom, upright_jpeg
from tests.judges.dicom3tools import iod_errors

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
OWNER = "Jane's monitor".encode("utf-16-be")
DISPLAYS = SRGB.replace("sRGB built-in".encode("utf-16-be"), OWNER[:26])


def as_profile(content: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(content))


def test_colours_mean_the_same_and_no_word_is_left() -> None:
    assert OWNER[:26] in DISPLAYS
    ours = input_profile(DISPLAYS)
    assert ours is not None
    assert OWNER[:8] not in ours
    assert as_profile(ours).profile.device_class == "scnr"
    # another program (LittleCMS) finds every colour where it was
    picture = Image.fromarray(phantom().pixels[:64, :64])
    shown = ImageCms.profileToProfile(picture, as_profile(ours), as_profile(SRGB))
    assert shown is not None
    assert np.abs(np.asarray(shown, int) - np.asarray(picture, int)).max() <= 1


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no profile", SRGB[:200], SRGB[:16] + b"GRAY" + SRGB[20:], SRGB[:128] + b"\xff" * 400],
    ids=["none", "empty", "text", "cut", "grey", "noise"],
)
def test_what_is_no_matrix_of_three_colours_is_no_profile(content: bytes | None) -> None:
    assert input_profile(content) is None


def test_a_wrapped_picture_carries_it_and_is_valid(tmp_path: Path) -> None:
    photo = upright_jpeg(tmp_path / "a.jpg", icc_profile=DISPLAYS)
    [path] = wrap_photos([photo], "nailfold", "P1", tmp_path / "out")
    assert dcmread(path).ICCProfile.rstrip(b"\0") == (input_profile(DISPLAYS) or b"").rstrip(b"\0")
    assert iod_errors(path) == []


def test_a_profile_that_is_not_kept_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    photo = upright_jpeg(tmp_path / "a.jpg", icc_profile=SRGB[:200])
    [path] = wrap_photos([photo], "nailfold", "P1", tmp_path / "out", tell=told.append)
    assert "ICCProfile" not in dcmread(path)
    assert any("colour profile is not kept" in said for said in told)
