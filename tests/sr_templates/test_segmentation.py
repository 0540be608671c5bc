"""The heatmap as a Segmentation: judged by dciodvfy, read back by highdicom to the last number."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom.uid import DermoscopicPhotographyImageStorage, DigitalXRayImageStorageForPresentation

from scoring.stored_array import read_array, stretched
from sr_templates import codes
from sr_templates.errors import InvalidResultError, SourceMismatchError
from tests.judges.dicom3tools import iod_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of, of_role, write


def with_class(made: results.ResultForTests, sop_class: str, modality: str) -> results.ResultForTests:
    images = tuple(replace(image, sop_class_uid=str(sop_class)) for image in made.result.images)
    made = results.with_header(made, SOPClassUID=sop_class, Modality=modality)
    return replace(made, result=replace(made.result, images=images))


def digital_film() -> results.ResultForTests:
    made = with_class(results.two_hands(), DigitalXRayImageStorageForPresentation, "DX")
    return results.with_header(made, ImagerPixelSpacing=[0.1, 0.1], FrameOfReferenceUID="2.25.9")


def dermoscopy() -> results.ResultForTests:
    return with_class(results.photo(), DermoscopicPhotographyImageStorage, "DMS")


def bare() -> results.ResultForTests:
    return results.with_bare_headers(results.one_hand())


CASES: tuple[Callable[[], results.ResultForTests], ...] = (
    results.two_hands,
    results.both_in_one,
    results.photo,
    digital_film,
    dermoscopy,
    bare,
)


@pytest.mark.parametrize("make", CASES)
def test_the_map_is_read_back_as_it_was_stored(make: Callable[[], results.ResultForTests], tmp_path: Path) -> None:
    made = make()
    written = [one for one in objects_of(make, extras=("segmentation",)) if one.role == "segmentation"]
    assert len(written) == len(made.result.heatmaps)
    for one, heatmap in zip(written, made.result.heatmaps, strict=True):
        path = tmp_path / "segmentation.dcm"
        path.write_bytes(one.content)
        assert iod_complaints(path) == []
        read = highdicom.seg.segread(io.BytesIO(one.content))
        pixels = read.get_pixels_by_source_instance([heatmap.image], rescale_fractional=False)
        source = made.sources[heatmap.image].pixels
        assert np.array_equal(pixels[0, ..., 0], stretched(read_array(made.arrays[heatmap.array]), *source.shape[:2]))
        assert read.get_segment_description(1).segmented_property_type.value == "130403"


def test_it_names_its_source_image_and_series() -> None:
    first, second = of_role(objects_of(results.two_hands, extras=("segmentation",)), "segmentation")
    assert first.ReferencedSeriesSequence[0].SeriesInstanceUID == "2.25.51"
    assert first.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == "2.25.11"
    derivation = first.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert derivation.SourceImageSequence[0].SpatialLocationsPreserved == "YES"
    assert (first.SeriesNumber, first.InstanceNumber, second.InstanceNumber) == (9005, 1, 2)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert (first.PatientOrientation, first.ImageLaterality) == (["L", "H"], "R")


def test_an_image_of_another_study_is_named_apart() -> None:
    made = results.one_hand()
    images = tuple(replace(image, study_instance_uid="2.25.76") for image in made.result.images)
    (found,) = of_role(
        write(replace(made, result=replace(made.result, images=images)), extras=["segmentation"]), "segmentation"
    )
    assert "ReferencedSeriesSequence" not in found
    other = found.StudiesContainingOtherReferencedInstancesSequence[0]
    assert (other.StudyInstanceUID, other.ReferencedSeriesSequence[0].SeriesInstanceUID) == ("2.25.76", "2.25.51")


def test_a_method_without_a_code_of_its_own_is_called_saliency() -> None:
    made = results.one_hand()
    heatmaps = tuple(replace(heatmap, method="Integrated gradients") for heatmap in made.result.heatmaps)
    made = replace(made, result=replace(made.result, heatmaps=heatmaps))
    (found,) = of_role(write(made, extras=["segmentation"]), "segmentation")
    segment = found.SegmentSequence[0]
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == codes.SALIENCY.value
    assert "Not a calibrated probability" in segment.SegmentDescription


def test_nothing_is_written_where_nothing_was_explained() -> None:
    assert of_role(objects_of(results.not_evaluable, extras=("segmentation",)), "segmentation") == []


def test_a_heatmap_of_an_unknown_image_or_without_its_array_is_refused() -> None:
    made = results.one_hand()
    with pytest.raises(SourceMismatchError, match="stored array"):
        write(replace(made, arrays={}), extras=["segmentation"])
    heatmaps = tuple(replace(heatmap, image="2.25.404") for heatmap in made.result.heatmaps)
    with pytest.raises((InvalidResultError, SourceMismatchError)):
        write(replace(made, result=replace(made.result, heatmaps=heatmaps)), extras=["segmentation"])
