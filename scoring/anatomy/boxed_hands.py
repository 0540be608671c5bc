"""Truth for training: the joint boxes of Koitka et al. (PLoS ONE 2018;13(11):e0207496) on RSNA bone-age films."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree  # reads local files of a published data set only
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from scoring.anatomy.landmarks import INDEX, LANDMARKS, Points
from scoring.errors import LabelError

HELD_OUT: Final = 40
"""So many boxed hands are never trained on: those whose names have the smallest SHA-256."""

_FINGERS_FROM_ULNA: Final = {"MCP": "54321", "PIP": "54321", "DIP": "5432"}


@dataclass(frozen=True)
class BoxedHand:
    """One film of the joint boxes: its size, and the centres of its boxes (28, 2); NaN where there is no box."""

    name: str
    width: int
    height: int
    points: Points


def held_out(names: Iterable[str], count: int = HELD_OUT) -> frozenset[str]:
    """The names kept for evaluation: a fixed draw that does not depend on order or platform."""
    return frozenset(sorted(names, key=lambda n: hashlib.sha256(n.encode()).hexdigest())[:count])


def read_boxed_hands(folder: Path) -> tuple[BoxedHand, ...]:
    """All Pascal-VOC files of the folder that hold every box; a film with a missing finger or no box is left out.

    LabelError when a file is no such file.
    """
    hands = (_read(path) for path in sorted(folder.glob("*.xml")))
    return tuple(hand for hand in hands if hand is not None)


def _read(path: Path) -> BoxedHand | None:
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 (a data set on this disk, not the net)
    except (OSError, ElementTree.ParseError) as error:
        raise LabelError(f"The joint boxes of {path.name} cannot be read ({error}); fetch the file anew.") from None
    centres: dict[str, list[tuple[float, float]]] = {}
    for box in root.iter("object"):
        edge = {k: float(box.findtext(f"bndbox/{k}") or "nan") for k in ("xmin", "ymin", "xmax", "ymax")}
        middle = ((edge["xmin"] + edge["xmax"] - 1) / 2, (edge["ymin"] + edge["ymax"] - 1) / 2)
        centres.setdefault((box.findtext("name") or "").strip(), []).append(middle)
    if {k: len(v) for k, v in centres.items()} != {"DIP": 4, "PIP": 5, "MCP": 5, "Radius": 1, "Ulna": 1, "Wrist": 1}:
        return None
    width, height = (int(root.findtext(f"size/{k}") or 0) for k in ("width", "height"))
    return BoxedHand(path.stem, width, height, _named(centres))


def _named(centres: dict[str, list[tuple[float, float]]]) -> Points:
    """Tell the fingers apart: seen from the wrist, fingers 5 to 1 follow each other towards the radius."""
    points = np.full((len(LANDMARKS), 2), np.nan)
    wrist = np.array(centres["Wrist"][0])
    up = np.mean(centres["MCP"], axis=0) - wrist
    across = np.array([-up[1], up[0]])
    if (np.array(centres["Radius"][0]) - centres["Ulna"][0]) @ across < 0:  # a hand laid or printed the other way round
        across = -across
    for kind, fingers in _FINGERS_FROM_ULNA.items():
        found = np.array(centres[kind])
        # the angle seen from the wrist orders the rays even where a splayed finger lies beside the thumb
        angle = np.arctan2((found - wrist) @ across, (found - wrist) @ up)
        for finger, centre in zip(fingers, found[np.argsort(angle)], strict=True):
            name = "IP1" if (kind, finger) == ("PIP", "1") else f"{kind}{finger}"
            points[INDEX[name]] = centre
    points[INDEX["RADIUS_BOX"]] = centres["Radius"][0]
    points[INDEX["ULNA_BOX"]] = centres["Ulna"][0]
    return points
