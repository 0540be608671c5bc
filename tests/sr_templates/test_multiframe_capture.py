"""Film, heatmap and every joint in one object that can be paged through."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from sr_templates.joint_frame import FRAME_SIDE
from sr_templates.result_objects import WrittenObject, write_result_objects
from tests.judges.dicom3tools import iod_complaints
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.result_cases import CASES


def written(made: results.ResultForTests) -> list[WrittenObject]:
    return list(
        write_result_objects(
            made.result, made.spec, made.sources, made.arrays, "pictures", extras=("multiframe",)
        ).objects
    )


def multiframes(made: results.ResultForTests) -> list[Dataset]:
    return [dcmread(io.BytesIO(one.content)) for one in written(made) if one.role == "multiframe"]


def test_every_graded_joint_has_a_frame_and_a_label() -> None:
    # when
    (capture,) = multiframes(results.both_in_one())
    # then
    frames, labels = capture.pixel_array, list(capture.FrameLabelVector)
    assert frames.shape == (2 + 2 * 22, FRAME_SIDE, FRAME_SIDE, 3)
    assert labels[:4] == ["Film", "Heatmap", "R IP1", "R PIP2"]
    assert labels[-1] == "L RC"
    assert len(set(labels)) == len(labels) == capture.NumberOfFrames
    assert max(map(len, labels)) <= 16
    assert capture.FrameIncrementPointer == 0x00182002
    assert (capture.SeriesNumber, capture.BurnedInAnnotation) == (9003, "YES")


def test_a_photograph_has_a_frame_as_it_is_and_one_with_its_heat() -> None:
    (capture,) = multiframes(nailfolds.one_picture())
    assert list(capture.FrameLabelVector) == ["Photograph", "Heatmap"]
    assert capture.pixel_array.shape == (2, FRAME_SIDE, FRAME_SIDE, 3)
    assert "joint" not in capture.SeriesDescription and "site" not in capture.DerivationDescription


def test_the_joint_itself_is_shown_and_nothing_over_it() -> None:
    """The film gets brighter from top to bottom: so does each joint, and the film's frame is grey."""
    (capture,) = multiframes(results.one_hand())
    film, heatmap, joint = capture.pixel_array[[0, 1, 6]].astype(int)
    assert np.ptp(film, axis=2)[:, 60:-60].max() == 0
    assert np.ptp(heatmap, axis=2).max() > 60
    bone = joint[70:400]
    assert np.ptp(bone, axis=2).max() == 0
    assert np.all(np.diff(bone.mean(axis=(1, 2))) > -0.5)


@pytest.mark.parametrize("case", [c for c in CASES if c.endswith((", scored", "partly scored", "not evaluable"))])
def test_dciodvfy_finds_nothing_and_identity_is_its_own(case: str, tmp_path: Path) -> None:
    objects = written(CASES[case]())
    assert len({one.sop_instance_uid for one in objects}) == len(objects)
    heatmaps = [one for one in objects if one.role == "heatmap"]
    found = [one for one in objects if one.role == "multiframe"]
    assert len(found) == len(heatmaps)
    assert not {one.series_instance_uid for one in found} & {one.series_instance_uid for one in heatmaps}
    for number, one in enumerate(found):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(one.content)
        assert iod_complaints(path) == []


def test_it_changes_nothing_of_the_other_objects_and_names_nobody() -> None:
    made = results.one_hand()
    alone = write_result_objects(made.result, made.spec, made.sources, made.arrays, "pictures").objects
    assert tuple(written(made)[: len(alone)]) == alone
    other = results.with_header(results.one_hand(), PatientName="Someone^Else", PatientID="P-9")
    assert multiframes(made)[0].PixelData == multiframes(other)[0].PixelData
