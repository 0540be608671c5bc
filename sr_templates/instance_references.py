"""How an object names other instances: one by one, by series, and those of other studies apart (PS3.3 C.12.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import ImageUse
from sr_templates import codes
from sr_templates.content_items import code_item, reference


def source_references(uses: Iterable[ImageUse]) -> DicomSequence:
    """Items of a Source Image Sequence: each image with the purpose for which it is named."""
    items = []
    for use in uses:
        item = reference(use.sop_class_uid, use.sop_instance_uid)
        item.PurposeOfReferenceCodeSequence = DicomSequence([code_item(codes.SOURCE_IMAGE)])
        items.append(item)
    return DicomSequence(items)


def add_common_instance_reference(target: Dataset, uses: Iterable[ImageUse]) -> None:
    """Every image that ``target`` names, by series; those of other studies than its own in a sequence of their own."""
    studies: dict[str, dict[str, list[Dataset]]] = {}
    for use in uses:
        series = studies.setdefault(use.study_instance_uid, {})
        series.setdefault(use.series_instance_uid, []).append(reference(use.sop_class_uid, use.sop_instance_uid))
    if own := studies.pop(str(target.StudyInstanceUID), None):
        target.ReferencedSeriesSequence = _by_series(own)
    if studies:
        target.StudiesContainingOtherReferencedInstancesSequence = DicomSequence(
            [_study(uid, series) for uid, series in studies.items()]
        )


def _study(uid: str, series: Mapping[str, Sequence[Dataset]]) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = uid
    item.ReferencedSeriesSequence = _by_series(series)
    return item


def _by_series(series: Mapping[str, Sequence[Dataset]]) -> DicomSequence:
    items = []
    for uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ReferencedInstanceSequence = DicomSequence(instances)
        items.append(item)
    return DicomSequence(items)
