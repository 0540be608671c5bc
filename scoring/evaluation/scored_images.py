"""Images of a table of readings, each scored by itself as the node would, with nothing of a study around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.image import ScoringImage, scoring_image
from scoring.inference import read_header, weights_digest
from scoring.learning.label import Label
from scoring.learning.labelled_images import PICTURES, check_images, find_image
from scoring.learning.progress import Progress
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.study import Laterality, TrialContext, read_image_reference

ReadPicture = Callable[[Path, PixelDecoder], npt.NDArray[np.float32]]
"""A picture that is no DICOM, in the convention of scoring, 0..1."""


@dataclass(frozen=True)
class ScoredImage:
    """``findings`` None: it could not be opened. ``reason``: why nothing was found, else empty."""

    name: str
    findings: Findings | None
    reason: str
    device: str
    """What took it, as its header names it."""


def scored_images(
    labels: Sequence[Label], folder: Path, system: ScoringSystem, read_picture: ReadPicture, progress: Progress
) -> Iterator[ScoredImage]:
    """Every image that the readings name, in their order. LabelError when one is missing or contradicts the table."""
    check_images(labels, folder)
    sides: dict[str, set[Side]] = {}
    for label in labels:
        sides.setdefault(label.image, set()).add(label.side)
    with PixelDecoder() as decoder:
        for number, (name, read) in enumerate(sides.items(), 1):
            claimed: Laterality = next(iter(read)) if len(read) == 1 else ""
            try:
                image, device = _open(find_image(folder, name), claimed, read_picture, decoder)
            except (ImageUnreadableError, ImageTooLargeError) as error:
                yield ScoredImage(name, None, str(error), "")
            else:
                findings = system.score([image], (), ScoringContext(TrialContext()))
                why = findings.not_evaluable.reason.meaning if findings.not_evaluable else ""
                yield ScoredImage(name, findings, why, device)
            progress("images scored", number, len(sides))


def comparison_of(
    system: ScoringSystem,
    measured_on: str,
    scales: Mapping[str, Scale],
    rows: Sequence[Compared],
    reasons: Mapping[str, str],
) -> Comparison:
    """The rows with what was compared; ``reasons``: of every image why nothing was found on it, else empty."""
    return Comparison(
        system=system.spec.key,
        version=system.spec.version,
        weights_digest=weights_digest(system.spec, system.weights),
        statement=system.statement,
        measured_on=measured_on,
        scales=scales,
        rows=tuple(rows),
        images=len(reasons),
        failures=dict(Counter(filter(None, reasons.values())).most_common()),
    )


def _open(
    path: Path, claimed: Laterality, read_picture: ReadPicture, decoder: PixelDecoder
) -> tuple[ScoringImage, str]:
    """The image and its device; a picture without a header is of the side that its readings claim."""
    if path.suffix.lower() in PICTURES:
        pixels = read_picture(path, decoder)
        blank = read_image_reference(Dataset(), "", "")
        reference = replace(blank, sop_instance_uid=path.name, laterality=claimed, rows=pixels.shape[0])
        return ScoringImage(replace(reference, columns=pixels.shape[1]), pixels, None, "unknown"), "picture file"
    header = read_header(path)
    device = f"{header.get('Manufacturer', '')} {header.get('ManufacturerModelName', '')}".strip()
    reference = read_image_reference(header, "", "")
    return scoring_image(header, decoder.first_frame(path, header), reference), device
