"""What lies where in a bundle of a trained system, which has the shape of a MONAI bundle.

    LICENSE                   of the code
    manifest.sha256           SHA-256 of every other file; ``sha256sum -c manifest.sha256`` checks the same
    configs/metadata.json     MONAI's keys, and which system it is; data, never executed
    models/weights.toml       the list of weights, as training wrote it
    models/NAME.safetensors   weights; also NAME.json and NAME.toml, where the list names them
    models/NAME.onnx          the same networks for other programs; never opened by us to score
    docs/README.md            the model card, its tables of reporting items, what was measured, the licence of the data

Nothing else may be in it: no program, no pickle, no configuration with expressions, no link.
"""

from __future__ import annotations

import re
from typing import Final

MANIFEST: Final = "manifest.sha256"
METADATA: Final = "configs/metadata.json"
MODELS: Final = "models"
DOCS: Final = "docs"
LICENCE: Final = "LICENSE"
DATA_LICENCE: Final = "data_license.txt"

_ALLOWED: Final = re.compile(
    rf"{LICENCE}|{re.escape(MANIFEST)}|{METADATA}"
    rf"|{MODELS}/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}\.(?:safetensors|onnx|json|toml)"
    rf"|{DOCS}/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}\.(?:md|json|toml|txt)"
)
MOST_FILES: Final = 200
_LARGEST_WEIGHTS: Final = 2 << 30
_LARGEST_TEXT: Final = 8 << 20


def is_allowed(name: str) -> bool:
    """Whether a bundle may hold a file of this name, given from its top with ``/``. No allowed name leads out of it."""
    return _ALLOWED.fullmatch(name) is not None


def largest(name: str) -> int:
    """Bytes that a file of this name may have."""
    return _LARGEST_WEIGHTS if name.endswith((".safetensors", ".onnx")) else _LARGEST_TEXT
