"""Everything that was found on one picture by both routes: labels of the network, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from scoring.capillaroscopy.picture_measures import Interval, NotMeasured, PictureMeasures
from scoring.capillaroscopy.picture_quality import PictureQuality
from scoring.image import ScoringImage
from scoring.score_rules.nailfold_fast_track import FastTrackRule, fast_track
from scoring.score_rules.nailfold_labels import NailfoldLabel
from scoring.systems.nailfold.picture_place import PicturePlace

MEASURED_TWINS: Final[Mapping[NailfoldLabel, str]] = {"giant": "giant_measured", "low_density": "low_density_measured"}
"""Labels that both routes judge, with the item that rests on measurement."""
_DENSITY_DIGITS: Final = 2
_DIAMETER_DIGITS: Final = 1
_LENGTH_DIGITS: Final = 2
_SAME_STEPS: Final = 0.01
"""Pixels whose height and width differ by more than this share have no one scale."""


@dataclass(frozen=True)
class PictureReading:
    """One picture at its place. ``probabilities`` and ``present`` by label; ``quality``: may it be read."""

    image: ScoringImage
    place: PicturePlace
    quality: PictureQuality
    probabilities: Mapping[NailfoldLabel, float]
    present: Mapping[NailfoldLabel, bool]
    measures: PictureMeasures | NotMeasured

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return self.image.reference.sop_instance_uid

    @property
    def measured(self) -> PictureMeasures | None:
        """The measures of a picture that may be read."""
        return self.measures if self.quality.fit and isinstance(self.measures, PictureMeasures) else None

    @property
    def by_measure(self) -> Mapping[NailfoldLabel, bool]:
        """What the measured route says of the labels that it judges."""
        found = self.measured
        return {} if found is None else {"giant": found.giant, "low_density": found.low_density}

    @property
    def disagreements(self) -> tuple[NailfoldLabel, ...]:
        """Labels on which both routes say something, and not the same."""
        return tuple(label for label, said in self.by_measure.items() if said != self.present[label])

    @property
    def rule(self) -> FastTrackRule | None:
        """The fast track rule that fires on this picture, from its measures."""
        found = self.measured
        if found is None:
            return None
        return fast_track(found.density_per_mm, found.giant, self.present["abnormal_shape"])


def um_per_px(image: ScoringImage) -> float | None:
    """Micrometres of skin to a pixel of ``image.pixels``; None where the header says none, or two."""
    if image.spacing_mm is None:
        return None
    row, column = image.spacing_mm
    return 500 * (row + column) if abs(row - column) <= _SAME_STEPS * max(row, column) else None


def as_reported(found: PictureMeasures) -> PictureMeasures:
    """The measures in the digits that a report gives, so that what is derived from them can be checked there."""
    return replace(
        found,
        density_per_mm=round(found.density_per_mm, _DENSITY_DIGITS),
        density_interval=_rounded(found.density_interval, _DENSITY_DIGITS),
        widest_um=None if found.widest_um is None else round(found.widest_um, _DIAMETER_DIGITS),
        widest_interval=_rounded(found.widest_interval, _DIAMETER_DIGITS),
        hidden_row_mm=round(found.hidden_row_mm, _LENGTH_DIGITS),
    )


def _rounded(interval: Interval | None, digits: int) -> Interval | None:
    return None if interval is None else (round(interval[0], digits), round(interval[1], digits))
