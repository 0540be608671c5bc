"""The images that a report rests on: from its evidence, its image library, and the lines about each."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ImageUse
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.image_lines import Choice, read_choice, read_sha256
from sr_templates.read_tree import named, number_of, referenced_uid, texts

_EVIDENCE = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One instance of the evidence: the study and series that hold it, and what it is."""

    study_uid: str
    series_uid: str
    sop_class_uid: str


def read_evidence(report: Dataset) -> dict[str, Evidence]:
    """Everything that the report says it rests on, by SOP Instance UID."""
    found = {}
    for study in (study for keyword in _EVIDENCE for study in report.get(keyword) or ()):
        for series in study.get("ReferencedSeriesSequence") or ():
            for instance in series.get("ReferencedSOPSequence") or ():
                uid = str(instance.get("ReferencedSOPInstanceUID") or "")
                place = str(study.get("StudyInstanceUID") or ""), str(series.get("SeriesInstanceUID") or "")
                found[uid] = Evidence(*place, str(instance.get("ReferencedSOPClassUID") or ""))
    return found


def read_library(report: Dataset) -> dict[str, tuple[int, int]]:
    """Rows and columns of each image of the library, by SOP Instance UID, in its order; 0 where it does not say."""
    entries = {}
    for group in named(report, codes.IMAGE_LIBRARY, codes.IMAGE_LIBRARY_GROUP):
        for entry in group.get("ContentSequence") or ():
            if uid := referenced_uid(entry):
                entries[uid] = _count(entry, codes.PIXEL_ROWS), _count(entry, codes.PIXEL_COLUMNS)
    return entries


def read_images(report: Dataset, words: Dataset) -> tuple[ImageUse, ...]:
    """Every image of a report of ours; ``words``: its Qualitative Evaluations."""
    evidence, library = read_evidence(report), read_library(report)
    numbered = list(library)
    choices = dict(read_choice(line, numbered) for line in texts(words, codes.IMAGE_CHOICE))
    digests = dict(read_sha256(line, numbered) for line in texts(words, codes.SOURCE_SHA256))
    if not set(numbered) == set(choices) == set(digests) <= set(evidence):
        raise ForeignReportError("The report does not tell everything of each image of its library; it is damaged.")
    return tuple(_image(uid, evidence[uid], library[uid], choices[uid], digests[uid]) for uid in numbered)


def _image(uid: str, place: Evidence, size: tuple[int, int], choice: Choice, sha256: str) -> ImageUse:
    return ImageUse(
        sop_instance_uid=uid,
        sop_class_uid=place.sop_class_uid,
        series_instance_uid=place.series_uid,
        study_instance_uid=place.study_uid,
        content_sha256=sha256,
        rows=size[0],
        columns=size[1],
        used=choice.used,
        rule=choice.rule,
        explanation=choice.explanation,
    )


def _count(entry: Dataset, name: CodedConcept) -> int:
    return next((int(number_of(item) or 0) for item in named(entry, name)), 0)
