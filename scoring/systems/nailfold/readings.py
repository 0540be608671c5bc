"""A centre's own readings as pictures with labels: the mean of its readers, features of a blurry picture left out."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Final

import numpy as np

from scoring.errors import LabelError
from scoring.learning.label import Label
from scoring.learning.labelled_images import find_image, read_photograph
from scoring.learning.progress import Progress, silent
from scoring.learning.reader_means import mean_of_readers, reader_means
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.nailfold_labels import FEATURES, NAILFOLD_LABELS, NailfoldLabel
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.preprocessing import nailfold_view

_BLURRY: Final = NAILFOLD_LABELS.index("too_blurry")


def reading_book(
    labels: Sequence[Label], images: Path, rows: int, columns: int, progress: Progress = silent
) -> PictureBook:
    """Every picture that a reader said something of. LabelError when nobody could judge any."""
    by_image: dict[str, list[Label]] = {}
    for label in labels:
        by_image.setdefault(label.image, []).append(label)
    views, truth, patients = [], [], []
    with PixelDecoder() as decoder:
        for number, (image, read) in enumerate(by_image.items(), 1):
            said = picture_truth(read)
            if any(one == one for one in said):
                photograph = read_photograph(find_image(images, image), decoder)
                views.append(nailfold_view(photograph, rows, columns))
                truth.append(said)
                patients.append(read[0].subject)
            progress("pictures of the readings opened", number, len(by_image))
    if not views:
        raise LabelError(f"Of the {len(by_image)} pictures of the table none has a label that a reader could judge.")
    return PictureBook(np.stack(views), np.array(truth, np.float32), tuple(patients), ("",) * len(views))


def picture_truth(read: Sequence[Label]) -> list[float]:
    """(5,) the share of readers who saw each label on one picture; NaN where nobody could judge.

    Features of a picture that as many readers called too blurry as did not are not judged, whatever else was written
    down.
    """
    said = [_share(read, label) for label in NAILFOLD_LABELS]
    if said[_BLURRY] >= 0.5:
        return [nan if label in FEATURES else share for label, share in zip(NAILFOLD_LABELS, said, strict=True)]
    return said


def _share(read: Sequence[Label], label: NailfoldLabel) -> float:
    mean = mean_of_readers(reader_means(one for one in read if one.item == label))
    return nan if mean is None else mean
