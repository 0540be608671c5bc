"""The studies that honest senders bring: hands that can be scored, hands that cannot, and what no system wants.

A few phantoms are drawn beforehand; each study is one of them under names of its own. So every study of the same
drawing must get the same scores, whatever died meanwhile.
"""

from __future__ import annotations

import copy
import hashlib
import random
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from pydicom.dataset import Dataset

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import SIDES, Side
from tests.dicom_node.receiving.instances import encoded, radiograph

Kind = Literal["one film", "two films in two associations", "no hand on it", "broken pixels", "for no system"]
_SHARES: Final[dict[Kind, int]] = {
    "one film": 40,
    "two films in two associations": 15,
    "no hand on it": 5,
    "broken pixels": 10,
    "for no system": 30,
}
_SCORED: Final = ("one film", "two films in two associations")
_DRAWINGS: Final = 4
_FEET: Final = 72


@dataclass(frozen=True)
class SentInstance:
    """One image as it goes over the wire."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: bytes

    @cached_property
    def sha256(self) -> str:
        """Of the data set's bytes: by this the node must keep it."""
        return hashlib.sha256(self.data_set).hexdigest()


@dataclass(frozen=True)
class SentStudy:
    """One study, dealt to one or more associations."""

    uid: str
    kind: Kind
    drawing: str
    """Which phantom it shows; studies of one kind and drawing have the same pixels."""
    associations: tuple[tuple[SentInstance, ...], ...]

    @property
    def scored(self) -> bool:
        """A whole hand is on it."""
        return self.kind in _SCORED


class StudyMaker:
    """Makes one study after another; the same seed makes the same ones, in the same order."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._hands = [[_hand(own, side) for side in SIDES] for own in range(_DRAWINGS)]

    def next(self) -> SentStudy:
        """The next one."""
        with self._lock:
            [kind] = self._dice.choices(list(_SHARES), list(_SHARES.values()))
            own, uid = self._dice.randrange(_DRAWINGS), self._uid()
            drawing = str(own) if kind in _SCORED else ""
            return SentStudy(uid, kind, drawing, self._associations(kind, own, uid))

    def _associations(self, kind: Kind, own: int, study: str) -> tuple[tuple[SentInstance, ...], ...]:
        right, left = self._hands[own]
        match kind:
            case "one film":
                return ((self._instance(right, study),),)
            case "two films in two associations":
                return ((self._instance(right, study),), (self._instance(left, study),))
            case "no hand on it":
                noise = np.random.default_rng(own).integers(0, 4096, right.Rows * right.Columns, np.uint16)
                return ((self._instance(right, study, PixelData=noise.tobytes()),),)
            case "broken pixels":
                return ((self._instance(right, study, PixelData=right.PixelData[:100]),),)
            case "for no system":
                foot = radiograph(BodyPartExamined="FOOT")
                return (tuple(self._instance(foot, study) for _ in range(_FEET)),)

    def _instance(self, template: Dataset, study: str, **attributes: object) -> SentInstance:
        named = copy.deepcopy(template)  # a shallow copy shares its elements with the template
        named.StudyInstanceUID, named.SeriesInstanceUID, named.SOPInstanceUID = study, self._uid(), self._uid()
        named.PatientID = f"SOAK-{study[-12:]}"
        for keyword, value in attributes.items():
            setattr(named, keyword, value)
        return SentInstance(str(named.SOPClassUID), str(named.SOPInstanceUID), encoded(named))

    def _uid(self) -> str:
        return f"2.25.{self._dice.getrandbits(120)}"


def _hand(own: int, side: Side) -> Dataset:
    hand = draw_hand(2 * own + SIDES.index(side), side=side, severity=0.3)
    return hand_dataset(hand.pixels, hand.spacing_mm, side, own)
