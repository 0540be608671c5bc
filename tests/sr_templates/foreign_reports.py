"""A report of measurements that another maker's software wrote: highdicom, with and without a region."""

from __future__ import annotations

import highdicom
import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from tests.sr_templates.results_for_tests import source_header


def highdicom_report() -> Dataset:
    """One group with a region on an image, one that names the image alone; each with one number."""
    source = source_header()
    source.Modality, source.ImagerPixelSpacing = "CR", [0.1, 0.1]
    image = (source.SOPClassUID, source.SOPInstanceUID)
    square = np.array([[10, 20], [30, 20], [30, 40], [10, 40], [10, 20]], np.float64)
    region = ImageRegion("POLYLINE", square, SourceImageForRegion(*image))
    site = FindingSite(CodedConcept("74670003", "SCT", "Wrist joint"), laterality=codes.SCT.Right)
    with_region = PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(UID("2.25.601"), "first"),
        referenced_region=region,
        finding_sites=[site],
        measurements=[Measurement(CodedConcept("Volume", "99OTHER", "Volume"), 1.5, codes.UCUM.Millimeter)],
    )
    without = MeasurementsAndQualitativeEvaluations(
        source_images=[SourceImageForMeasurementGroup(*image)],
        tracking_identifier=TrackingIdentifier(UID("2.25.602"), "second"),
        measurements=[Measurement(CodedConcept("Thickness", "99OTHER", "Thickness"), 3.25, codes.UCUM.Millimeter)],
        algorithm_id=AlgorithmIdentification("Somebody's algorithm", "3"),
    )
    device = ObserverContext(codes.DCM.Device, DeviceObserverIdentifyingAttributes(UID("2.25.603")))
    tree = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=device),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=[with_region, without],
    )
    return highdicom.sr.ComprehensiveSR(
        evidence=[source],
        content=tree[0],
        series_instance_uid="2.25.604",
        series_number=1,
        sop_instance_uid="2.25.605",
        instance_number=1,
        manufacturer="Somebody",
    )
