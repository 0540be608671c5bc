"""A copy of the scoring package with a toy system in it, for processes that must find it installed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.copied_scoring import copy_scoring

_TOYS = Path(__file__).parents[1] / "toy_systems"
TOY = _TOYS / "toy_brightness"
READ_BY_THE_TOY = "FINGER"
"""Body part of the films that it scores."""


def build_house(folder: Path, toy: str = TOY.name) -> Path:
    """The copy below ``folder``: a process that has this folder first in its path scores with the toy too."""
    shutil.copytree(_TOYS / toy, copy_scoring(folder) / "systems" / toy)
    return folder


def where_the_toy_scores(house: Path) -> dict[str, str]:
    """Environment of a node that uses the toy and nothing else.

    For tests of what happens around a score: each scoring process of theirs would load torch for seconds.
    """
    path = os.pathsep.join(filter(None, (str(house), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "RHEUMASCORE__SCORING__SYSTEMS": json.dumps([TOY.name])}
