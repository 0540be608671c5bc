"""One network for five labels beside five for one each (unified.json), in the words of the model card.

``benchmarks/nailfold_unified.py`` measures it and writes the file; a centre's own run has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

UNIFIED_FILE: Final = "unified.json"
_ROWS: Final = {
    "images_per_second": ("pictures a second", ".1f"),
    "milliseconds_an_image": ("milliseconds a picture", ".0f"),
    "peak_mebibytes": ("peak memory of the process, MiB", ".0f"),
    "load_seconds": ("loading the weights, s", ".2f"),
    "weights_mebibytes": ("weights on disk, MiB", ".0f"),
}


def unified_in_words(folder: Path) -> Iterator[str]:
    """Markdown."""
    found = json.loads((folder / UNIFIED_FILE).read_text(encoding="utf-8"))
    yield from ("", "### One network for five labels, or five networks", "")
    yield f"Measured on {found['measured_on']}. Nothing was trained for it: it is of cost, not of accuracy."
    yield from ("", "| measured | one for five | five for one each | ratio |", "| --- | --- | --- | --- |")
    for key, (words, form) in _ROWS.items():
        one, five = found["unified"][key], found["separate"][key]
        yield f"| {words} | {one:{form}} | {five:{form}} | {max(one, five) / min(one, five):.1f} |"
