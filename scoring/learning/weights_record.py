"""Write what a training run made as the weights.toml that ``scoring.weights`` reads, and seal it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from scoring.bundle_seal import write_run_seal
from scoring.weights import WeightRecord
from scoring.whole_file import write_whole_text


def write_weights_record(path: Path, statement: str, files: Sequence[WeightRecord]) -> None:
    """Write ``path`` with the statement that goes with every result, and one ``[[file]]`` a record."""
    lines = [f"statement = {_toml(statement)}"]
    for record in files:
        lines += ["", "[[file]]"]
        lines += [f"role = {_toml(record.role)}", f"file = {_toml(record.path.name)}"]
        lines += [f"sha256 = {_toml(record.sha256)}", f"licence = {_toml(record.licence)}"]
        lines += [f"learnt_from = {_toml(record.learnt_from)}"]
        lines += [f"data = [{', '.join(_toml(one) for one in record.data)}]"]
        lines += [f"command = {_toml(record.command)}", f"demonstration = {str(record.demonstration).lower()}"]
    write_whole_text(path, "\n".join(lines) + "\n")
    write_run_seal(path.parent)


def _toml(text: str) -> str:
    """A basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)
