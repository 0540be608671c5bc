"""JPEG 2000 without loss: the same object, the same pixels, whoever decodes them."""

from __future__ import annotations

import io
from pathlib import Path

import imagecodecs
import numpy as np
import openjpeg
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragmented_frames
from pydicom.uid import JPEG2000Lossless

from sr_templates.errors import InvalidObjectError
from sr_templates.picture_compression import jpeg2000_lossless
from sr_templates.result_objects import write_result_objects
from tests.foreign_programs.orthanc import Orthanc
from tests.judges.dicom3tools import iod_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of

_CHANGED = {"PixelData", "PhotometricInterpretation"}


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Heatmap, report page and multi-frame of one hand, as they are stored."""
    made = results.one_hand()
    objects = write_result_objects(
        made.result, made.spec, made.sources, made.arrays, "pictures", extras=("multiframe",)
    ).objects
    return {str(one.role): one.content for one in objects}


def read(content: bytes) -> Dataset:
    return dcmread(io.BytesIO(content))


@pytest.mark.parametrize("role", ["heatmap", "report_page", "multiframe"])
def test_two_decoders_return_every_pixel(pictures: dict[str, bytes], role: str) -> None:
    # given
    stored, sent = read(pictures[role]), read(jpeg2000_lossless(pictures[role]))
    frames = int(stored.get("NumberOfFrames") or 1)
    # when
    fragments = list(generate_fragmented_frames(sent.PixelData, number_of_frames=frames))
    # then
    assert [len(parts) for parts in fragments] == [1] * frames
    wanted = np.frombuffer(stored.PixelData, np.uint8)[: frames * stored.Rows * stored.Columns * 3]
    wanted = wanted.reshape(frames, stored.Rows, stored.Columns, 3)
    for frame, (codestream,) in zip(wanted, fragments, strict=True):
        assert np.array_equal(imagecodecs.jpeg2k_decode(codestream), frame)
        assert np.array_equal(openjpeg.decode(codestream), frame)
    assert np.array_equal(sent.pixel_array.reshape(wanted.shape), wanted)


def test_it_is_the_same_object_and_says_how_it_is_encoded(pictures: dict[str, bytes], tmp_path: Path) -> None:
    for role, content in pictures.items():
        stored, compressed = read(content), jpeg2000_lossless(content)
        sent = read(compressed)
        assert sent.file_meta.TransferSyntaxUID == JPEG2000Lossless
        assert sent.PhotometricInterpretation == "YBR_RCT"
        assert sent.SOPInstanceUID == stored.SOPInstanceUID == sent.file_meta.MediaStorageSOPInstanceUID
        kept = {e.keyword for e in stored} | {e.keyword for e in sent}
        assert {k for k in kept if stored.get(k) != sent.get(k)} == _CHANGED
        assert len(compressed) < 1_000_000 < len(content)
        assert compressed == jpeg2000_lossless(content)
        path = tmp_path / f"{role}.dcm"
        path.write_bytes(compressed)
        assert iod_complaints(path) == []


def test_the_colour_transform_is_the_reversible_one(pictures: dict[str, bytes]) -> None:
    """COD marker (ISO/IEC 15444-1 A.6.1): component transform 1, wavelet 1 (5-3 reversible), one layer."""
    codestream = next(iter(generate_fragmented_frames(read(jpeg2000_lossless(pictures["heatmap"])).PixelData)))[0]
    coding = codestream.index(b"\xff\x52")
    layers, transform = int.from_bytes(codestream[coding + 6 : coding + 8], "big"), codestream[coding + 8]
    assert (layers, transform, codestream[coding + 13]) == (1, 1, 1)


def test_orthanc_keeps_it_byte_by_byte_and_finds_its_frames(
    pictures: dict[str, bytes], orthanc: Orthanc, tmp_path: Path
) -> None:
    content = jpeg2000_lossless(pictures["multiframe"])
    path = tmp_path / "multiframe.dcm"
    path.write_bytes(content)
    (instance,) = orthanc.upload(path)
    assert orthanc.file(instance) == content
    assert len(orthanc.get(f"/instances/{instance}/frames")) == 24


def test_what_is_no_such_picture_is_refused(pictures: dict[str, bytes]) -> None:
    with pytest.raises(InvalidObjectError, match="must be a DICOM file"):
        jpeg2000_lossless(b"no file at all")
    with pytest.raises(InvalidObjectError, match=r"Explicit VR Little Endian, found 1.2.840.10008.1.2.4.90"):
        jpeg2000_lossless(jpeg2000_lossless(pictures["heatmap"]))
    with pytest.raises(InvalidObjectError, match="SamplesPerPixel must be 3 to be compressed, found None"):
        jpeg2000_lossless(objects_of(results.one_hand)[-1].content)
    broken = read(pictures["heatmap"])
    broken.PixelData = broken.PixelData[:-2]
    buffer = io.BytesIO()
    broken.save_as(buffer)
    with pytest.raises(InvalidObjectError, match="PixelData must hold"):
        jpeg2000_lossless(buffer.getvalue())
