"""The report: TID 1500 from a ScoreResult, its spec and the headers of its source images."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, container
from sr_templates.document_forms import DocumentForm
from sr_templates.image_library import image_library
from sr_templates.measurement_groups import Illustrations, site_groups, summary_groups
from sr_templates.observer_context import algorithm_identification, device_observer
from sr_templates.qualitative_evaluations import qualitative_evaluations
from sr_templates.report_header import report_with_tree


def measurement_report(
    result: ScoreResult,
    spec: SystemSpec,
    headers: Mapping[str, Dataset],
    home: Dataset,
    pictures: Illustrations,
    form: DocumentForm,
) -> Dataset:
    """The whole report as a dataset; ``home`` is the header whose patient and study it joins."""
    groups = [*summary_groups(result, spec, home, pictures), *site_groups(result, spec, home, pictures)]
    root = container(
        codes.IMAGING_MEASUREMENT_REPORT,
        [
            code(codes.LANGUAGE, codes.ENGLISH, "HAS CONCEPT MOD"),
            *device_observer(result),
            code(codes.PROCEDURE_REPORTED, codes.IMAGING_PROCEDURE, "HAS CONCEPT MOD"),
            image_library(result, spec, headers),
            container(codes.IMAGING_MEASUREMENTS, [*algorithm_identification(result, spec), *groups]),
            qualitative_evaluations(result, spec, form),
        ],
        relation=None,
        template="1500",
    )
    return report_with_tree(result, spec, home, pictures, form, root)
