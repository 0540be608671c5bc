"""Pixels are decoded in a child that may die; the parent always has an answer."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import psutil
import pytest
from PIL import Image
from pydicom import dcmread, examples
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGExtended12Bit, JPEGLosslessSV1

from dicom_node.photographs.wrapping import wrap_photos
from scoring.decoding_process import DecodingProcess
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.inference import read_header
from scoring.pixel_decoding import DecodingLimits, PixelDecoder, check_pixel_budget
from scoring.smaller_frame import smaller

DECODABLE = [
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "JPGExtended.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "ExplVR_BigEnd.dcm",
]


def decoding_children() -> list[int]:
    found = psutil.Process().children()
    return [child.pid for child in found if "scoring.pixel_decoding_child" in child.cmdline()]


def only_child() -> int:
    (pid,) = decoding_children()
    return pid


def file(name: str) -> Path:
    found = get_testdata_file(name, download=False)
    assert found is not None, f"pydicom does not ship {name}"
    return Path(str(found))


@pytest.mark.parametrize("name", DECODABLE)
def test_every_transfer_syntax_that_is_offered_decodes(name: str) -> None:
    path = file(name)
    header = read_header(path)
    with PixelDecoder() as decoder:
        frame = decoder.first_frame(path, header)
    assert frame.shape[:2] == (header.Rows, header.Columns)
    assert np.ptp(frame) > 0


def test_uncompressed_values_are_exact() -> None:
    path = file("CT_small.dcm")
    with PixelDecoder() as decoder:
        np.testing.assert_array_equal(decoder.first_frame(path, read_header(path)), dcmread(path).pixel_array)


@pytest.mark.parametrize("depth", [8, 12, 16])
def test_jpeg_lossless_decodes_exactly_and_only_whole(tmp_path: Path, depth: int) -> None:
    values = np.random.default_rng(depth).integers(0, 2**depth, (64, 80)).astype(np.uint8 if depth == 8 else np.uint16)
    dataset = examples.ct
    dataset.Rows, dataset.Columns = values.shape
    dataset.BitsAllocated, dataset.BitsStored = 8 * values.itemsize, depth
    dataset.HighBit, dataset.PixelRepresentation = depth - 1, 0
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.PixelData = b""
    dataset["PixelData"].VR = "OB"
    path = tmp_path / "lossless.dcm"
    coded = imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=depth)
    with PixelDecoder() as decoder:
        for padding in (b"", b"\xff", b"\0\0\0"):
            dataset.PixelData = encapsulate([coded + padding])
            dataset.save_as(path)
            np.testing.assert_array_equal(decoder.first_frame(path, read_header(path)), values)
        # cut short, it is no image of which the rest is grey
        dataset.PixelData = encapsulate([coded[: len(coded) * 9 // 10]])
        dataset.save_as(path)
        with pytest.raises(ImageUnreadableError, match="cannot be decoded"):
            decoder.first_frame(path, read_header(path))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    header = Dataset()
    header.Rows = header.Columns = 65535
    with pytest.raises(ImageTooLargeError, match="at most"):
        check_pixel_budget(header, DecodingLimits())


@pytest.mark.parametrize("size", [(0, 5), (None, None)])
def test_no_grid_no_pixels(size: tuple[int | None, int | None]) -> None:
    header = Dataset()
    if size[0] is not None:
        header.Rows, header.Columns = size
    with pytest.raises(ImageUnreadableError):
        check_pixel_budget(header, DecodingLimits())


def test_damaged_pixels_are_unreadable_and_the_decoder_lives_on(tmp_path: Path) -> None:
    broken = examples.ct
    broken.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    broken.PixelData = encapsulate([b"\xff\xd8 no picture at all \xff\xd9"])
    broken["PixelData"].VR = "OB"
    path = tmp_path / "broken.dcm"
    broken.save_as(path)
    good = file("MR_small_RLE.dcm")
    with PixelDecoder() as decoder:
        with pytest.raises(ImageUnreadableError, match="cannot be decoded"):
            decoder.first_frame(path, read_header(path))
        assert decoder.first_frame(good, read_header(good)).size


def test_a_child_that_dies_is_an_unreadable_image_and_the_next_one_decodes() -> None:
    path = file("CT_small.dcm")
    header = read_header(path)
    with PixelDecoder() as decoder:
        decoder.first_frame(path, header)
        os.kill(only_child(), signal.SIGSTOP)
        decoder.limits = DecodingLimits(seconds=0.3)
        with pytest.raises(ImageUnreadableError, match="longer than"):
            decoder.first_frame(path, header)
        decoder.limits = DecodingLimits()
        assert decoder.first_frame(path, header).size


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As many children as are put in are killed before they hear of a frame, which is what they are told of next."""
    left: list[int] = []
    start = DecodingProcess.start

    def start_and_kill(self: DecodingProcess, memory_bytes: int, seconds: float) -> subprocess.Popen[bytes]:
        child = start(self, memory_bytes, seconds)
        if left:
            os.kill(child.pid, left.pop())
        return child

    monkeypatch.setattr(DecodingProcess, "start", start_and_kill)
    return left


@pytest.mark.parametrize("number", [1, 2])
def test_a_child_that_somebody_kills_costs_an_attempt_and_not_the_image(deaths: list[int], number: int) -> None:
    path = file("CT_small.dcm")
    deaths += number * [signal.SIGKILL]
    with PixelDecoder() as decoder:
        assert decoder.first_frame(path, read_header(path)).size
    assert deaths == []


def test_a_frame_of_which_three_children_die_is_unreadable(deaths: list[int]) -> None:
    path = file("CT_small.dcm")
    deaths += 3 * [signal.SIGKILL]
    with PixelDecoder() as decoder:
        with pytest.raises(ImageUnreadableError, match="3 decoders died"):
            decoder.first_frame(path, read_header(path))
        assert decoder.first_frame(path, read_header(path)).size, "the next one decodes"


def test_two_frames_are_decoded_at_once_each_by_a_child_of_its_own() -> None:
    # given a decoder whose child stands still in the middle of a frame
    path, other = file("CT_small.dcm"), file("MR_small_RLE.dcm")
    with PixelDecoder() as decoder, ThreadPoolExecutor(1) as thread:
        decoder.start()
        stopped = only_child()
        os.kill(stopped, signal.SIGSTOP)
        waiting = thread.submit(decoder.first_frame, path, read_header(path))
        while decoder._idle.qsize() == 2:
            time.sleep(0.01)
        # when another frame is asked for, then it comes
        np.testing.assert_array_equal(decoder.first_frame(other, read_header(other)), dcmread(other).pixel_array)
        assert len(decoding_children()) == 2
        # and the first one too, as soon as its child goes on
        assert not waiting.done()
        os.kill(stopped, signal.SIGCONT)
        np.testing.assert_array_equal(waiting.result(), dcmread(path).pixel_array)
    assert decoding_children() == []


def test_large_images_are_decoded_one_by_one() -> None:
    photograph, film = (3024, 4032), (5000, 6000)
    assert PixelDecoder.at_once([photograph, photograph]) == 2
    assert PixelDecoder.at_once([photograph, film]) == 1
    assert PixelDecoder.at_once([]) > 0


def test_the_limits_are_the_kernels(tmp_path: Path) -> None:
    limits = DecodingLimits(memory_bytes=1 << 30, seconds=7)
    path = file("CT_small.dcm")
    with PixelDecoder(limits) as decoder:
        decoder.first_frame(path, read_header(path))
        pid = only_child()
        assert resource.prlimit(pid, resource.RLIMIT_AS) == (1 << 30, 1 << 30)
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
        assert 8 <= resource.prlimit(pid, resource.RLIMIT_CPU)[0] <= 60, "so long for one frame, not for its life"


def test_a_frame_that_needs_more_memory_than_allowed_is_unreadable_and_the_next_one_decodes(tmp_path: Path) -> None:
    large = examples.ct
    large.Rows = large.Columns = 12_000
    large.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    large.PixelData = encapsulate([imagecodecs.jpeg8_encode(np.zeros((12_000, 12_000), np.uint16), lossless=True)])
    large["PixelData"].VR = "OB"
    path = tmp_path / "large.dcm"
    large.save_as(path)
    small = file("CT_small.dcm")
    with PixelDecoder(DecodingLimits(memory_bytes=700 << 20)) as decoder:
        with pytest.raises(ImageUnreadableError):
            decoder.first_frame(path, read_header(path))
        assert decoder.first_frame(small, read_header(small)).size


def test_a_child_that_computes_after_its_parent_is_gone_is_ended_by_the_kernel() -> None:
    """It reads a frame that never ends; nobody looks at the clock."""
    program = (
        "import sys; sys.argv = ['child', str(1 << 30), '0.2']\n"
        "from scoring import pixel_decoding_child as child\n"
        "def forever(*_, **__):\n    while True: pass\n"
        "child.dcmread = forever\n"
        "child.main()"
    )
    orphan = subprocess.run(
        [sys.executable, "-c", program], input=b'{"path": "x", "longest_side": null}\n', timeout=120, check=False
    )
    assert orphan.returncode == -signal.SIGXCPU


def wrapped_jpeg(folder: Path, picture: Image.Image) -> Path:
    jpeg, out = folder / "picture.jpg", folder / "dicom"
    picture.save(jpeg, quality=92)
    return next(iter(wrap_photos([jpeg], "skin", "P", out)))


def soft_picture(columns: int, rows: int) -> Image.Image:
    y, x = np.mgrid[:rows, :columns] / columns
    channels = 128 + 90 * np.stack((np.sin(9 * x), np.cos(7 * y), np.sin(5 * (x + y))), axis=2)
    return Image.fromarray(channels.astype(np.uint8))


@pytest.mark.parametrize("longest_side", [500, 200])
def test_a_photograph_made_smaller_while_it_is_decoded_shows_the_same(tmp_path: Path, longest_side: int) -> None:
    path = wrapped_jpeg(tmp_path, soft_picture(800, 600))
    with PixelDecoder() as decoder:
        whole = decoder.first_frame(path, read_header(path))
        small = decoder.first_frame(path, read_header(path), longest_side)
    assert small.shape == (longest_side * 3 // 4, longest_side, 3)
    averaged = smaller(whole, longest_side)
    assert np.abs(small.astype(int) - averaged.astype(int)).max() <= 6


def test_what_is_small_enough_or_has_no_colour_keeps_every_value(tmp_path: Path) -> None:
    photograph, film = wrapped_jpeg(tmp_path, soft_picture(200, 150)), file("CT_small.dcm")
    with PixelDecoder() as decoder:
        for path in (photograph, film):
            header = read_header(path)
            np.testing.assert_array_equal(
                decoder.first_frame(path, header, 64 if path == film else 200), decoder.first_frame(path, header)
            )


def test_a_jpeg_of_another_size_than_its_header_says_is_no_smaller_picture_but_unreadable(tmp_path: Path) -> None:
    path = wrapped_jpeg(tmp_path, soft_picture(800, 600))
    lying = dcmread(path)
    lying.Rows, lying.Columns = 1200, 1600
    lying.save_as(path)
    with PixelDecoder() as decoder, pytest.raises(ImageUnreadableError):
        decoder.first_frame(path, read_header(path), 1000)
