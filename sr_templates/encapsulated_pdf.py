"""The report to be printed as an Encapsulated PDF (PS3.3 A.45.1): for archives and wards that keep documents.

Burned In Annotation is YES although nothing of ours names the patient: the pictures show films, and what was
photographed into a film we cannot know.
"""

from __future__ import annotations

from typing import Final

from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import ScoreResult
from sr_templates import codes
from sr_templates.content_items import code_item, reference
from sr_templates.document_forms import ENCAPSULATED_PDF
from sr_templates.inherited_modules import inherited_modules
from sr_templates.pdf_report import HeatmapPage, pdf_report
from sr_templates.production_modules import add_production_modules
from sr_templates.result_series import DOCUMENTS
from sr_templates.uids import object_uid
from sr_templates.writing import Writing

_SIDES: Final = {"R": "right", "L": "left", "B": "both sides"}


def encapsulated_pdfs(writing: Writing) -> list[Dataset]:
    """One document: the table of grades, then every heatmap that was drawn."""
    result, spec = writing.result, writing.spec
    made = inherited_modules(writing.home, result.study_instance_uid)
    made.SOPClassUID = ENCAPSULATED_PDF
    made.SOPInstanceUID = object_uid(result, "pdf", "")
    DOCUMENTS.take(made, result, spec, 1)
    add_production_modules(made, result, writing.home)
    made.ConversionType = "WSD"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.RecognizableVisualFeatures = "NO"
    made.DocumentTitle = f"{spec.title} (for research use only)"
    made.ConceptNameCodeSequence = DicomSequence([code_item(codes.IMAGING_MEASUREMENT_REPORT)])
    made.VerificationFlag = "UNVERIFIED"
    made.SourceInstanceSequence = _sources(result)
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    content = pdf_report(result, spec, _heatmap_pages(writing))
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return [made]


def _sources(result: ScoreResult) -> DicomSequence:
    """The images that were read, or all when none was."""
    read = [image for image in result.images if image.used] or list(result.images)
    return DicomSequence([reference(image.sop_class_uid, image.sop_instance_uid) for image in read])


def _heatmap_pages(writing: Writing) -> list[HeatmapPage]:
    drawn = [dataset for role, dataset in writing.written if role == "heatmap"]
    about = {heatmap.image: heatmap for heatmap in writing.result.heatmaps}
    pages = []
    for number, dataset in enumerate(drawn, start=1):
        heatmap = about[dataset.SourceImageSequence[0].ReferencedSOPInstanceUID]
        side = _SIDES.get(str(dataset.ImageLaterality))
        words = f"Heatmap {number} of {len(drawn)}{f', {side}' if side else ''}: {heatmap.method} of {heatmap.about}"
        size = (int(dataset.Columns), int(dataset.Rows))
        pages.append((words, Image.frombuffer("RGB", size, bytes(dataset.PixelData[: size[0] * size[1] * 3]))))
    return pages
