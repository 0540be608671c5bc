"""The report page as a Secondary Capture: for every viewer that cannot show a Structured Report."""

from __future__ import annotations

from pydicom.dataset import Dataset

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.report_page_drawing import draw_report_page
from sr_templates.secondary_capture import secondary_capture
from sr_templates.uids import object_uid


def report_page(result: ScoreResult, spec: SystemSpec, header: Dataset, number: int) -> Dataset:
    """Draw and wrap the page; it names as its sources the images that were read, or all when none was."""
    read = [image for image in result.images if image.used] or list(result.images)
    page = secondary_capture(result, spec, header, draw_report_page(result, spec), read, number)
    page.SOPInstanceUID = object_uid(result, "report page", "")
    page.ImageComments = result.statement or "For research use only"
    page.DerivationDescription = "Table of the grades of the report, drawn from the same stored result"
    page.PatientOrientation = []
    return page
