"""Readings of pictures beside what a system finds on them, each picture scored by itself as the node would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from scoring.contract import ScoringContext, ScoringSystem
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.hand_comparison import readings_of
from scoring.image import ScoringImage, scoring_image
from scoring.inference import read_header, weights_digest
from scoring.learning.label import Label
from scoring.learning.labelled_images import PICTURES, check_images, find_image, read_photograph
from scoring.learning.progress import Progress, silent
from scoring.pixel_decoding import PixelDecoder
from scoring.result import ScoreItem
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.study import TrialContext, read_image_reference

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
    check_images(labels, images)
    by_image: dict[str, list[Label]] = {}
    for label in labels:
        by_image.setdefault(label.image, []).append(label)
    rows: list[Compared] = []
    reasons: dict[str, str] = {}
    with PixelDecoder() as decoder:
        for number, (name, read) in enumerate(by_image.items(), 1):
            said: Mapping[str, ScoreItem] = {}
            device = ""
            try:
                image, device = _open(find_image(images, name), read[0].side, decoder)
            except (ImageUnreadableError, ImageTooLargeError) as error:
                reasons[name] = str(error)
            else:
                findings = system.score([image], (), ScoringContext(TrialContext()))
                said = {item.item: item for item in findings.items if item.item in NAILFOLD_LABELS}
                if findings.not_evaluable is not None:
                    reasons[name] = findings.not_evaluable.reason.meaning
            rows += _rows(read, said, reasons.get(name, ""), device)
            progress("pictures scored", number, len(by_image))
    return Comparison(
        system=system.spec.key,
        version=system.spec.version,
        weights_digest=weights_digest(system.spec, system.weights),
        statement=system.statement,
        measured_on=measured_on,
        scales=_SCALES,
        rows=tuple(rows),
        images=len(by_image),
        failures=dict(Counter(reasons.values()).most_common()),
    )


def _open(path: Path, side: Side, decoder: PixelDecoder) -> tuple[ScoringImage, str]:
    """The picture in the convention of scoring, and the device that took it as its header names it."""
    if path.suffix.lower() in PICTURES:
        pixels = read_photograph(path, decoder).astype(np.float32) / np.float32(255)
        blank = read_image_reference(Dataset(), "", "")
        reference = replace(blank, sop_instance_uid=path.name, laterality=side, rows=pixels.shape[0])
        return ScoringImage(replace(reference, columns=pixels.shape[1]), pixels, None, "unknown"), "picture file"
    header = read_header(path)
    device = f"{header.get('Manufacturer', '')} {header.get('ManufacturerModelName', '')}".strip()
    reference = read_image_reference(header, "", "")
    return scoring_image(header, decoder.first_frame(path, header), reference), device


def _rows(read: Sequence[Label], said: Mapping[str, ScoreItem], reason: str, device: str) -> list[Compared]:
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
                readings=readings_of([one for one in read if one.item == label]),
                expected=item.value if item else None,
                grade=item.grade if item else None,
                reason=reason or (item.reason.meaning if item and item.reason else ""),
                centre=first.centre,
                device=device,
            )
        )
    return rows
