"""Key Object Selection Documents (PS3.3 A.35.4, PS3.16 TID 2010): which objects belong together, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.coded_concept import CodedConcept
from sr_templates import codes
from sr_templates.content_items import code, composite, container, image, text
from sr_templates.document_forms import KEY_OBJECT, MULTIFRAME_TRUE_COLOUR, SECONDARY_CAPTURE, SEGMENTATION
from sr_templates.inherited_modules import inherited_modules
from sr_templates.observer_context import device_observer
from sr_templates.production_modules import add_production_modules
from sr_templates.report_evidence import Instance, evidence_studies
from sr_templates.result_series import KEY_OBJECTS
from sr_templates.uids import object_uid
from sr_templates.writing import Writing

_IMAGES: Final = (SECONDARY_CAPTURE, MULTIFRAME_TRUE_COLOUR, SEGMENTATION)
"""Classes that a selection refers to as IMAGE; all others are COMPOSITE."""


def key_objects(writing: Writing) -> list[Dataset]:
    """One selection "For Research" of everything that was written before it: pictures, report, further objects.

    Its UID depends on all that it names: a destination with other further objects gets another selection.
    """
    instances = [_instance(dataset) for _, dataset in writing.written]
    words = f"{writing.spec.title}: all objects of one result; {writing.result.statement or 'for research use only'}"
    made = key_object_selection(writing, codes.FOR_RESEARCH, words, instances)
    named = " ".join(instance.sop_instance_uid for instance in instances)
    made.SOPInstanceUID = object_uid(writing.result, "key object", named)
    KEY_OBJECTS.take(made, writing.result, writing.spec, number=1)
    return [made]


def key_object_selection(
    writing: Writing, title: CodedConcept, description: str, instances: Sequence[Instance]
) -> Dataset:
    """A selection without its SOP Instance UID and without its series: those are the caller's."""
    result = writing.result
    made = inherited_modules(writing.home, result.study_instance_uid)
    made.SOPClassUID = KEY_OBJECT
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    add_production_modules(made, result, writing.home)
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence(evidence_studies(instances))
    root = container(
        title,
        [
            code(codes.LANGUAGE, codes.ENGLISH, "HAS CONCEPT MOD"),
            *device_observer(result),
            text(codes.KEY_OBJECT_DESCRIPTION, description),
            *(_named(instance) for instance in instances),
        ],
        relation=None,
        template="2010",
    )
    for element in root:
        made.add(element)
    return made


def _named(instance: Instance) -> Dataset:
    refer = image if instance.sop_class_uid in _IMAGES else composite
    return refer(None, instance.sop_class_uid, instance.sop_instance_uid)


def _instance(dataset: Dataset) -> Instance:
    return Instance(
        str(dataset.StudyInstanceUID),
        str(dataset.SeriesInstanceUID),
        str(dataset.SOPClassUID),
        str(dataset.SOPInstanceUID),
    )
