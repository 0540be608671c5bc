"""Write what a training run made as the weights.toml that ``scoring.weights`` reads, and seal it."""

from __future__ import annotations

import json
from pathlib import Path

from scoring.bundle_seal import SEAL, write_run_seal
from scoring.weights import WeightsRecord
from scoring.whole_file import not_written, write_whole_text


def write_weights_record(path: Path, weights: WeightsRecord) -> None:
    """Write ``path`` and seal it. NotWrittenError when the disk does not take it."""
    write_whole_text(path, weights_record_text(weights))
    try:
        write_run_seal(path.parent)
    except OSError as error:
        raise not_written(path.parent / SEAL, error) from None


def weights_record_text(weights: WeightsRecord) -> str:
    """Whose weights they are, the statement that goes with every result, one ``[[file]]`` a record."""
    lines = [f"system = {_toml(weights.system)}"] if weights.system else []
    lines.append(f"statement = {_toml(weights.statement)}")
    for record in weights.files:
        lines += ["", "[[file]]"]
        lines += [f"role = {_toml(record.role)}", f"file = {_toml(record.path.name)}"]
        lines += [f"sha256 = {_toml(record.sha256)}", f"licence = {_toml(record.licence)}"]
        lines += [f"learnt_from = {_toml(record.learnt_from)}"]
        lines += [f"data = [{', '.join(_toml(one) for one in record.data)}]"]
        lines += [f"command = {_toml(record.command)}", f"demonstration = {str(record.demonstration).lower()}"]
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    """A basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)
