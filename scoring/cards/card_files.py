"""The files of a model card, beside the weights that they speak of."""

from __future__ import annotations

from typing import Final

CARD: Final = "README.md"
CLAIM: Final = "CLAIM_2024.md"
TRIPOD: Final = "TRIPOD_AI.md"
EVALUATION: Final = "evaluation.json"
FIGURES: Final = "figures.toml"
CARD_FILES: Final = (CARD, CLAIM, TRIPOD, EVALUATION, FIGURES)
