"""The series that the objects of a result lie in (PS3.3 C.7.3.1): our own, one for each kind, never the source's.

Their numbers are far above a scanner's, so that hanging protocols put results last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.uids import series_uid

_LONGEST_DESCRIPTION: Final = 64
"""Characters of a Long String (PS3.5 6.2)."""


@dataclass(frozen=True, slots=True)
class ResultSeries:
    """One kind of series; ``words`` follow the instrument's name in its description."""

    kind: str
    """What its UID derives from."""
    number: int
    modality: str
    words: str

    def uid(self, result: ScoreResult) -> str:
        """Series Instance UID of this result's series."""
        return series_uid(result, self.kind)

    def take(self, made: Dataset, result: ScoreResult, spec: SystemSpec, number: int) -> None:
        """Make ``made`` the instance ``number`` of this result's series; a series list tells what was withdrawn."""
        state = "WITHDRAWN" if result.withdraws else "research only"
        made.Modality = self.modality
        made.SeriesInstanceUID = self.uid(result)
        made.SeriesNumber = self.number
        made.SeriesDescription = f"{spec.instrument} {self.words} ({state})"[:_LONGEST_DESCRIPTION]
        made.InstanceNumber = number


REPORTS: Final = ResultSeries("report", 9001, "SR", "report")
PICTURES: Final = ResultSeries("pictures", 9002, "OT", "pictures")
JOINTS: Final = ResultSeries("multiframe", 9003, "OT", "joint by joint")
PHOTOGRAPHS: Final = ResultSeries("multiframe", 9003, "OT", "photographs without and with heat")
SEGMENTATIONS: Final = ResultSeries("segmentations", 9005, "SEG", "heatmaps as numbers")
DOCUMENTS: Final = ResultSeries("pdf", 9006, "DOC", "report to print")
KEY_OBJECTS: Final = ResultSeries("key objects", 9007, "KO", "key objects")
REJECTIONS: Final = ResultSeries("rejection notes", 9008, "KO", "rejection note")
