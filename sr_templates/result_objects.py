"""The objects of one stored result in one form: pictures first, then the report that links them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydicom import config
from pydicom.dataset import Dataset

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.document_forms import DocumentForm, Extra
from sr_templates.encapsulated_pdf import encapsulated_pdfs
from sr_templates.errors import SourceMismatchError
from sr_templates.heatmap_capture import heatmap_capture
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.key_object import key_objects
from sr_templates.measurement_groups import Illustrations
from sr_templates.measurement_report import measurement_report
from sr_templates.multiframe_capture import multiframe_captures
from sr_templates.photograph_capture import montage_capture, photograph_captures
from sr_templates.production_modules import part10_file
from sr_templates.regions import first_image
from sr_templates.rejection_note import rejection_notes
from sr_templates.report_page import report_page
from sr_templates.result_check import refuse_invalid_result
from sr_templates.segmentation_object import segmentations
from sr_templates.source_agreement import refuse_disagreeing_sources
from sr_templates.text_report import text_report
from sr_templates.writing import Role, SourceImage, Writing


@dataclass(frozen=True)
class WrittenObject:
    """One finished object: ``content`` is a whole DICOM file (PS3.10) in Explicit VR Little Endian."""

    role: Role
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    content: bytes


@dataclass(frozen=True)
class ResultObjects:
    """Everything that is sent for one result, in sending order."""

    form: DocumentForm
    objects: tuple[WrittenObject, ...]

    def form_of(self, item: WrittenObject) -> str:
        """The form that an object is bound to: of the report and what names it; empty for what is the same in all."""
        return self.form if item.role in ("report", "key_object", "rejection_note") else ""


ExtraWriter = Callable[[Writing], Sequence[Dataset]]
_EXTRA_WRITERS: Final[Mapping[Extra, ExtraWriter]] = {
    "multiframe": multiframe_captures,
    "segmentation": segmentations,
    "pdf": encapsulated_pdfs,
    "key_object": key_objects,
}
"""One line for each kind of further object, in sending order."""


def write_result_objects(
    result: ScoreResult,
    spec: SystemSpec,
    sources: Mapping[str, SourceImage],
    arrays: Mapping[str, bytes],
    form: DocumentForm,
    extras: Collection[Extra] = (),
) -> ResultObjects:
    """Write a stored result; called again with the same arguments it returns the same bytes.

    ``sources``: by SOP Instance UID, at least the images that were read and one header. ``arrays``: stored heatmaps by
    SHA-256. ``extras`` change nothing of the other objects. Raises SourceMismatchError, InvalidResultError,
    InvalidObjectError: nothing is written half.
    """
    refuse_invalid_result(result, spec)
    # Values of the source may be odd and are none of our doing; our own are all checked before they leave (iod_check).
    with config.disable_value_validation():
        home = _home(result, sources)
        refuse_disagreeing_sources(source.header for source in sources.values())
        writing = Writing(result, spec, sources, arrays, form, home)
        pictures, links = _pictures(writing)
        writing = replace(writing, written=[*pictures, *_report(writing, links)])
        for extra, write in _EXTRA_WRITERS.items():
            if extra in extras:
                made: list[tuple[Role, Dataset]] = [(extra, dataset) for dataset in write(writing)]
                writing = replace(writing, written=[*writing.written, *made])
        notes: list[tuple[Role, Dataset]] = [("rejection_note", note) for note in rejection_notes(writing)]
        writing = replace(writing, written=[*writing.written, *notes])
        return ResultObjects(form, tuple(_written(role, dataset) for role, dataset in writing.written))


def _pictures(writing: Writing) -> tuple[list[tuple[Role, Dataset]], Illustrations]:
    result, spec = writing.result, writing.spec
    _refuse_missing_pictures(writing)
    if spec.per_picture:
        return _photographs(writing)
    pictures: list[tuple[Role, Dataset]] = []
    heatmaps: dict[str, str] = {}
    for number, heatmap in enumerate(result.heatmaps, start=1):
        source = writing.sources[heatmap.image]
        if source.pixels.size:
            array = writing.arrays[heatmap.array]
            made = heatmap_capture(result, spec, heatmap, source.header, source.pixels, array, number, writing.home)
            heatmaps[heatmap.image] = made.SOPInstanceUID
            pictures.append(("heatmap", made))
    page = report_page(result, spec, writing.home, number=len(result.heatmaps) + 1)
    return [*pictures, ("report_page", page)], Illustrations(heatmaps, page.SOPInstanceUID)


def _photographs(writing: Writing) -> tuple[list[tuple[Role, Dataset]], Illustrations]:
    """Each photograph with what was found on it, the page of all of them, and the page of numbers."""
    made = photograph_captures(writing, first_number=1)
    pictures: list[tuple[Role, Dataset]] = [("heatmap", capture) for _, capture in made]
    montage = None
    if any(item.picture is not None for item in writing.result.items):
        pictures.append(("montage", capture := montage_capture(writing, len(pictures) + 1)))
        montage = str(capture.SOPInstanceUID)
    page = report_page(writing.result, writing.spec, writing.home, len(pictures) + 1)
    shown = {image: str(capture.SOPInstanceUID) for image, capture in made}
    return [*pictures, ("report_page", page)], Illustrations(shown, page.SOPInstanceUID, montage)


def _refuse_missing_pictures(writing: Writing) -> None:
    result = writing.result
    drawn = {h.image for h in result.heatmaps} | {m.image for m in result.marks}
    if not (drawn <= writing.sources.keys() and set(result.arrays) <= writing.arrays.keys()):
        raise SourceMismatchError(
            "A heatmap's source image or its stored array is not at hand; restore them from a backup."
        )


def _report(writing: Writing, links: Illustrations) -> list[tuple[Role, Dataset]]:
    if writing.form == "pictures":
        return []
    if writing.form == "basic_text":
        return [("report", text_report(writing.result, writing.spec, writing.home, links))]
    headers = {uid: source.header for uid, source in writing.sources.items()}
    return [("report", measurement_report(writing.result, writing.spec, headers, writing.home, links, writing.form))]


def _home(result: ScoreResult, sources: Mapping[str, SourceImage]) -> Dataset:
    """The header whose patient and study the objects join: of the first image that was read, else of any at hand."""
    for uid in (first_image(result).sop_instance_uid, *(i.sop_instance_uid for i in result.images)):
        if uid in sources:
            return sources[uid].header
    raise SourceMismatchError("No source image of the result is at hand; restore the received files from a backup.")


def _written(role: Role, dataset: Dataset) -> WrittenObject:
    refuse_invalid_object(dataset)
    return WrittenObject(
        role,
        str(dataset.SOPClassUID),
        str(dataset.SOPInstanceUID),
        str(dataset.SeriesInstanceUID),
        part10_file(dataset),
    )
