"""A JPEG keeps what codes its picture, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dicom_node.photographs.jpeg_segments import coded_jpeg
from scoring.phantoms.nailfold.phone_file import OWNER
from tests.dicom_node.photographs.phone_pictures import phone_picture, upright_jpeg


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def test_the_scan_is_kept_byte_for_byte_and_decodes_to_the_same_pixels(tmp_path: Path) -> None:
    content = phone_picture(tmp_path / "a.jpg").read_bytes()
    coded = coded_jpeg(content)
    assert coded is not None
    assert coded.baseline
    assert content[content.index(b"\xff\xda") :] == coded.content[coded.content.index(b"\xff\xda") :]
    assert OWNER.encode() in content
    assert OWNER.encode() not in coded.content
    decoded = [np.asarray(Image.open(io.BytesIO(one))) for one in (content, coded.content)]
    np.testing.assert_array_equal(*decoded)


def test_what_stands_behind_the_end_is_not_kept(tmp_path: Path) -> None:
    """Phones append a short film, or a second picture with a place of its own."""
    content = upright_jpeg(tmp_path / "a.jpg").read_bytes()
    coded = coded_jpeg(content + b"ftypmp42 SHORT FILM OF JOHN DOE")
    assert coded is not None
    assert coded.content == content


def test_a_thumbnail_in_jfif_is_not_kept(tmp_path: Path) -> None:
    content = upright_jpeg(tmp_path / "a.jpg").read_bytes()
    small = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\x02\x02" + b"DOE!" * 3)
    coded = coded_jpeg(content[:2] + small + content[20:])
    assert coded is not None
    assert b"DOE!" not in coded.content


@pytest.mark.parametrize(
    ("options", "photometric", "baseline"),
    [
        ({"subsampling": 0}, "YBR_FULL", True),
        ({"subsampling": 2}, "YBR_FULL_422", True),
        ({"progressive": True}, "YBR_FULL_422", False),
        ({"keep_rgb": True}, "RGB", True),
    ],
)
def test_the_coding_of_colour_is_told(
    tmp_path: Path, options: dict[str, object], photometric: str, baseline: bool
) -> None:
    coded = coded_jpeg(upright_jpeg(tmp_path / "a.jpg", **options).read_bytes())
    assert coded is not None
    assert (coded.photometric, coded.baseline) == (photometric, baseline)


@pytest.mark.parametrize("garbage", [b"DOE", b"\xff\xff\xff", b"\xff\xe1\xff\xff"])
def test_bytes_between_segments_are_no_way_to_smuggle_a_name(tmp_path: Path, garbage: bytes) -> None:
    """Decoders skip garbage before the next marker: such a file is not taken apart at all."""
    content = upright_jpeg(tmp_path / "a.jpg").read_bytes()
    assert coded_jpeg(content[:20] + garbage + segment(0xE1, b"Exif JOHN DOE") + content[20:]) is None


def test_no_prefix_of_a_jpeg_is_taken_for_a_whole_one(tmp_path: Path) -> None:
    content = upright_jpeg(tmp_path / "a.jpg", quality=20).read_bytes()
    assert [size for size in range(len(content)) if coded_jpeg(content[:size]) is not None] == []
