"""What readers said of one item of one site together: who read it twice has no second vote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import fsum

from scoring.learning.label import Label


def reader_means(labels: Iterable[Label]) -> dict[str, float]:
    """By reader, the mean of the repeats; who could not judge is not there."""
    values: dict[str, list[float]] = {}
    for label in labels:
        if label.value is not None:
            values.setdefault(label.reader, []).append(label.value)
    return {reader: fsum(sorted(own)) / len(own) for reader, own in sorted(values.items())}


def mean_of_readers(means: Mapping[str, float]) -> float | None:
    """The mean of ``reader_means``; None when nobody could judge."""
    return fsum(sorted(means.values())) / len(means) if means else None
