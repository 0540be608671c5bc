"""Readings of pictures beside what a system finds on them, each picture scored by itself as the node would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.contract import ScoringSystem
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.scored_images import ScoredImage, comparison_of, scored_images
from scoring.learning.label import Label
from scoring.learning.labelled_images import read_photograph
from scoring.learning.progress import Progress, silent
from scoring.learning.reader_means import reader_means
from scoring.pixel_decoding import PixelDecoder
from scoring.result import ScoreItem
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS

_WORDS: Final = {
    "abnormal_shape": "abnormal shapes",
    "giant": "giant capillaries",
    "haemorrhage": "haemorrhages",
    "low_density": "low density",
    "too_blurry": "too blurry",
}
_SCALES: Final[Mapping[str, Scale]] = {
    label: Scale(_WORDS[label], 1.0, whole=True, presence=True) for label in NAILFOLD_LABELS
}


def compare_pictures(
    labels: Sequence[Label], images: Path, system: ScoringSystem, measured_on: str, progress: Progress = silent
) -> Comparison:
    """Score every picture that the readings name and lay both beside each other.

    Raises LabelError when pictures are missing or contradict the table. What the system did not say is a row with its
    reason; what readers could not judge is none.
    """
    by_image: dict[str, list[Label]] = {}
    for label in labels:
        by_image.setdefault(label.image, []).append(label)
    rows: list[Compared] = []
    reasons: dict[str, str] = {}
    for one in scored_images(labels, images, system, _photograph, progress):
        items = one.findings.items if one.findings else ()
        said: dict[str, ScoreItem] = {item.item: item for item in items if item.item in NAILFOLD_LABELS}
        rows += _rows(by_image[one.name], said, one)
        reasons[one.name] = one.reason
    return comparison_of(system, measured_on, _SCALES, rows, reasons)


def _photograph(path: Path, decoder: PixelDecoder) -> npt.NDArray[np.float32]:
    return read_photograph(path, decoder).astype(np.float32) / np.float32(255)


def _rows(read: Sequence[Label], said: Mapping[str, ScoreItem], scored: ScoredImage) -> list[Compared]:
    """One row a label that a reader looked for."""
    rows = []
    for label in dict.fromkeys(one.item for one in read):
        item, first = said.get(label), read[0]
        rows.append(
            Compared(
                patient=first.subject,
                visit=first.visit,
                image=first.image,
                item=label,
                site=first.site,
                group="",
                side=first.side,
                readings=reader_means([one for one in read if one.item == label]),
                expected=item.value if item else None,
                grade=item.grade if item else None,
                reason=scored.reason or (item.reason.meaning if item and item.reason else ""),
                centre=first.centre,
                device=scored.device,
            )
        )
    return rows
