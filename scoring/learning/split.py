"""A split of subjects into parts, kept in a file with the fingerprint of the readings that it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from scoring.errors import LabelError
from scoring.whole_file import write_whole_text

GroupedBy = Literal["subject", "centre"]
_FORM: Final = "rheumascore split 1"


@dataclass(frozen=True)
class Split:
    """The subjects of each part, sorted; how they were dealt; ``data_sha256`` of ``labels_sha256``.

    LabelError when it is built with an empty part, or with a subject in two parts.
    """

    parts: Mapping[str, tuple[str, ...]]
    seed: int
    grouped_by: GroupedBy
    bands: tuple[float, ...]
    data_sha256: str

    def __post_init__(self) -> None:
        first: dict[str, str] = {}
        for part, subjects in self.parts.items():
            if not subjects:
                raise LabelError(f"The part {part!r} of the split is empty; give it a larger share, or more subjects.")
            for subject in subjects:
                if (other := first.setdefault(subject, part)) != part:
                    raise LabelError(
                        f"A subject of the part {part!r} is in {other!r} too: what is measured on it would be learnt. "
                        "Make the split anew; never edit its file."
                    )

    def others(self, part: str) -> tuple[str, ...]:
        """The subjects of all parts but one, sorted: what a fold's model learns from."""
        return tuple(sorted(one for name, subjects in self.parts.items() if name != part for one in subjects))


def write_split(path: Path, split: Split) -> None:
    """Write a split as JSON; the file appears whole or not at all."""
    content = {
        "form": _FORM,
        "seed": split.seed,
        "grouped_by": split.grouped_by,
        "bands": split.bands,
        "data_sha256": split.data_sha256,
        "parts": split.parts,
    }
    write_whole_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_split(path: Path, data_sha256: str) -> Split:
    """The split of a file; LabelError when it is no split, or was made from other readings than those at hand."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["form"] != _FORM or content["grouped_by"] not in ("subject", "centre"):
            raise ValueError("it has another form")
        split = Split(
            parts={str(name): tuple(map(str, subjects)) for name, subjects in content["parts"].items()},
            seed=int(content["seed"]),
            grouped_by=content["grouped_by"],
            bands=tuple(float(cut) for cut in content["bands"]),
            data_sha256=str(content["data_sha256"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabelError(f"{path.name} cannot be read as a split ({type(error).__name__}); make it anew.") from None
    if split.data_sha256 != data_sha256:
        raise LabelError(
            f"{path.name} was made from readings {split.data_sha256[:12]}, these are {data_sha256[:12]}: "
            "use the readings it was made from, or make it anew."
        )
    return split
