"""An archive that refuses every object and quotes the patient in its Error Comment, as archives do."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs


class QuotingPacs(ScriptedPacs):
    """Answers 0xA900. ``quoted``: what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.quoted: list[str] = []

    def _on_store(self, event: Any) -> Any:
        answer = Dataset()
        answer.Status = 0xA900
        answer.ErrorComment = f"{event.dataset.PatientID} is not {event.dataset.PatientBirthDate}"[:64]
        self.quoted.append(str(answer.ErrorComment))
        return answer
