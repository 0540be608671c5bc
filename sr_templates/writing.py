"""What is at hand while the objects of one result are written: the result, its sources, what is finished already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydicom.dataset import Dataset

from scoring.image import Grey
from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.document_forms import DocumentForm

Role = Literal[
    "report",
    "heatmap",
    "montage",
    "report_page",
    "multiframe",
    "segmentation",
    "pdf",
    "key_object",
    "rejection_note",
]


@dataclass(frozen=True)
class SourceImage:
    """One image of the study: its header without pixel data, and its pixels in the scoring convention.

    ``pixels``: float32, 0..1, bone bright, on the source's grid, a large photograph perhaps averaged to a coarser one;
    shape (0, 0) when the image cannot be decoded.
    """

    header: Dataset
    pixels: Grey


@dataclass(frozen=True)
class Writing:
    """Everything at hand while the objects of one result are written; the writers of extras get it whole."""

    result: ScoreResult
    spec: SystemSpec
    sources: Mapping[str, SourceImage]
    arrays: Mapping[str, bytes]
    form: DocumentForm
    home: Dataset
    """The header whose patient and study the objects join."""
    written: Sequence[tuple[Role, Dataset]] = ()
    """What is finished already, in sending order."""
