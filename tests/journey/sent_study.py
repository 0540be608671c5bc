"""Studies for a node that is killed: one film, in a study, of a subject and under UIDs of its own each time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dicom_node.local_files import dataset_digest
from scoring.phantoms.as_dicom import hand_dataset, phantom_uid
from scoring.phantoms.hand import HandPhantom, draw_hand


@dataclass(frozen=True)
class SentStudy:
    """A study of one hand film."""

    uid: str
    files: tuple[Path, ...]

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each data set."""
        return [dataset_digest(path) for path in self.files]


def write_study(folder: Path, number: int, film: int = 1, body_part: str = "HAND") -> SentStudy:
    """The film as study ``number``."""
    folder.mkdir(parents=True, exist_ok=True)
    hand = _hand(film)
    uid = phantom_uid("killed", number)
    dataset = hand_dataset(
        hand.pixels, hand.spacing_mm, hand.side, hand.seed, study_instance_uid=uid, patient_id=f"KILLED-{number}"
    )
    dataset.BodyPartExamined = body_part
    path = folder / f"{number}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return SentStudy(uid, (path,))


@cache
def _hand(film: int) -> HandPhantom:
    return draw_hand(4700 + film, severity=0.3)
