"""``labels.toml``: what must be known of a label network before its weights are read, and where "yes" begins.

Written by a training run beside the weights and listed with its hash in weights.toml as they are: thresholds cannot
be moved without a trace.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scoring.errors import WeightsError
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel

LABELS_FILE: Final = "labels.toml"
LABELS_ROLE: Final = "labels"


@dataclass(frozen=True, slots=True)
class LabelShape:
    """``backbone`` by its name (``scoring.systems.nailfold.backbones``) with its ``options``; size of a picture."""

    backbone: str
    options: Mapping[str, Any]
    rows: int
    columns: int
    thresholds: Mapping[NailfoldLabel, float]
    """Probability, 0..1, from which on a label is said to be present."""
    mirrored: bool = False
    """True: a picture and its mirror image are judged together."""


def label_shape_text(shape: LabelShape) -> str:
    """As TOML."""
    options = ", ".join(f"{key} = {json.dumps(value)}" for key, value in shape.options.items())
    lines = [f"backbone = {json.dumps(shape.backbone)}", f"options = {{ {options} }}" if options else "options = {}"]
    lines += [f"rows = {shape.rows}", f"columns = {shape.columns}"]
    lines += [f"mirrored = {str(shape.mirrored).lower()}", "", "[thresholds]"]
    return "\n".join([*lines, *(f"{label} = {shape.thresholds[label]!r}" for label in NAILFOLD_LABELS)]) + "\n"


def read_label_shape(content: bytes) -> LabelShape:
    """The shape from the file's checked bytes; WeightsError when it is none."""
    try:
        raw = tomllib.loads(content.decode())
        thresholds = {label: float(raw["thresholds"][label]) for label in NAILFOLD_LABELS}
        if not all(0 < threshold < 1 for threshold in thresholds.values()):
            raise ValueError("a threshold is no probability")
        size = int(raw["rows"]), int(raw["columns"])
        return LabelShape(str(raw["backbone"]), dict(raw["options"]), *size, thresholds, raw["mirrored"] is True)
    except (UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{LABELS_FILE} does not say what the label network is ({type(error).__name__}); restore it, or train "
            "again."
        ) from None
