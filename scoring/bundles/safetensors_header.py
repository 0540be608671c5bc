"""Is a file safetensors, and nothing but that? Looked at by its header alone; no tensor is read.

Eight bytes of length, a JSON object of that length, then the tensors' bytes without gap or overlap.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from scoring.bundles.strict_json import read_strict_json
from scoring.errors import BundleError

_BITS: Final = {
    "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
}  # fmt: skip
_LARGEST_HEADER: Final = 8 << 20
_LENGTH_BYTES: Final = 8
_METADATA: Final = "__metadata__"
_MOST_DIMENSIONS: Final = 16


def check_safetensors(path: Path, name: str) -> None:
    """BundleError when the file is a pickle, or no safetensors file from its first byte to its last."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LENGTH_BYTES)
        if start.startswith((b"\x80", b"PK\x03\x04")):
            raise BundleError(f"{name} is a pickle under another name; pickles are never opened. Export it anew.")
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > min(_LARGEST_HEADER, size - _LENGTH_BYTES):
            raise BundleError(f"{name} is no safetensors file: its header would have {length} bytes of {size}.")
        header = read_strict_json(file.read(length), f"the header of {name}")
    header.pop(_METADATA, None)
    spans = sorted(_span(tensor, f"{name}: {key}") for key, tensor in header.items())
    ends = [(0, 0), *spans, (size - _LENGTH_BYTES - length,) * 2]
    if any(before[1] != after[0] for before, after in pairwise(ends)):
        raise BundleError(f"{name} is no safetensors file: its tensors leave gaps, overlap, or end elsewhere.")


def _span(tensor: Any, where: str) -> tuple[int, int]:
    """First byte and the one after the last. The shape must say the same as the offsets."""
    tensor = tensor if isinstance(tensor, dict) else {}
    shape, offsets, bits = tensor.get("shape"), tensor.get("data_offsets"), _BITS.get(str(tensor.get("dtype")))
    if bits is None or not _counts(shape, _MOST_DIMENSIONS) or not _counts(offsets, 2) or len(offsets) != 2:
        raise BundleError(f"{where} has no number format, shape and place that safetensors knows.")
    first, end = offsets
    values = 1
    for dimension in shape:
        values *= dimension  # Python's whole numbers do not overflow
    if end < first or 8 * (end - first) != values * bits:
        raise BundleError(f"{where} says a shape of {values} values for {end - first} bytes.")
    return first, end


def _counts(found: Any, most: int) -> bool:
    return (
        isinstance(found, list)
        and len(found) <= most
        and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in found)
    )
