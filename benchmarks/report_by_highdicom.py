"""The groups of a report of ours written by highdicom: the same regions, sites, numbers and codes under its classes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import highdicom as hd
import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as dicom_codes

from sr_templates import codes as our_codes


@dataclass(frozen=True)
class Group:
    """What one measurement group says."""

    identifier: str
    uid: str
    image: tuple[str, str]
    outline: Sequence[float]
    finding: Dataset
    site: Dataset
    laterality: Dataset | None
    numbers: Sequence[tuple[Dataset, float, Dataset]]
    answers: Sequence[tuple[Dataset, Dataset]]


def read_groups(report: Dataset) -> list[Group]:
    """Every measurement group of a report, modifiers of single numbers left out."""
    measurements = next(i for i in report.ContentSequence if name(i) == our_codes.IMAGING_MEASUREMENTS.meaning)
    return [_group(i) for i in measurements.ContentSequence if name(i) == our_codes.MEASUREMENT_GROUP.meaning]


def write_groups(groups: Sequence[Group], evidence: Sequence[Dataset]) -> bytes:
    """The file of a Comprehensive SR with these groups."""
    device = hd.sr.DeviceObserverIdentifyingAttributes(uid="2.25.1", name="rheumascore")
    observer = hd.sr.ObserverContext(dicom_codes.DCM.Device, device)
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=hd.sr.CodedConcept("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=[_by_highdicom(group) for group in groups],
        referenced_images=evidence,
    )
    made = hd.sr.ComprehensiveSR(
        evidence=evidence,
        content=report,
        series_instance_uid="2.25.2",
        series_number=1,
        sop_instance_uid="2.25.3",
        instance_number=1,
        manufacturer="rheumascore",
    )
    buffer = io.BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def name(item: Dataset) -> str:
    """The meaning of the concept name; empty where there is none."""
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeMeaning) if names else ""


def _group(group: Dataset) -> Group:
    items = {name(item): item for item in group.ContentSequence}
    region, site = items[our_codes.IMAGE_REGION.meaning], items[our_codes.FINDING_SITE.meaning]
    image = region.ContentSequence[0].ReferencedSOPSequence[0]
    sides = site.get("ContentSequence")
    return Group(
        identifier=items[our_codes.TRACKING_IDENTIFIER.meaning].TextValue,
        uid=items[our_codes.TRACKING_UID.meaning].UID,
        image=(image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID),
        outline=list(region.GraphicData),
        finding=items[our_codes.FINDING.meaning].ConceptCodeSequence[0],
        site=site.ConceptCodeSequence[0],
        laterality=sides[0].ConceptCodeSequence[0] if sides else None,
        numbers=[_number(item) for item in group.ContentSequence if item.ValueType == "NUM"],
        answers=[
            (item.ConceptNameCodeSequence[0], item.ConceptCodeSequence[0])
            for item in group.ContentSequence
            if item.ValueType == "CODE" and item.RelationshipType == "CONTAINS" and item is not items["Finding"]
        ],
    )


def _number(item: Dataset) -> tuple[Dataset, float, Dataset]:
    measured = item.MeasuredValueSequence[0]
    return item.ConceptNameCodeSequence[0], float(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0]


def _by_highdicom(group: Group) -> hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    outline = np.array(group.outline).reshape(-1, 2)
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=group.uid, identifier=group.identifier),
        referenced_region=hd.sr.ImageRegion(
            hd.sr.GraphicTypeValues.POLYLINE, outline, hd.sr.SourceImageForRegion(*group.image)
        ),
        finding_type=_code(group.finding),
        finding_sites=[
            hd.sr.FindingSite(_code(group.site), _code(group.laterality) if group.laterality is not None else None)
        ],
        measurements=[hd.sr.Measurement(_code(what), value, _code(unit)) for what, value, unit in group.numbers],
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(_code(what), _code(said)) for what, said in group.answers],
    )


def _code(item: Dataset) -> hd.sr.CodedConcept:
    return hd.sr.CodedConcept(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning)
