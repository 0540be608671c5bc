"""All that a model card rests on, gathered once: spec, weights, words, and the evaluation of these weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.cards.card_files import EVALUATION, FIGURES
from scoring.cards.card_words import CardWords, read_card_words
from scoring.errors import CardError
from scoring.inference import weights_digest
from scoring.spec import SystemSpec
from scoring.weights import WeightsRecord, all_weights, read_weights_record

_FORM: Final = "rheumascore evaluation 1"


@dataclass(frozen=True)
class CardFacts:
    """``evaluation`` None: these weights were never measured against readings, and the card says so."""

    spec: SystemSpec
    words: CardWords
    records: tuple[WeightsRecord, ...]
    """Its own first, then those of shared anatomy."""
    weights_digest: str
    evaluation: dict[str, Any] | None
    figures: str
    """What training itself measured, as Markdown; empty where it left nothing."""
    sources: dict[str, Path]
    """Every file that the card speaks of, by what it is: their digests say how old the card is."""

    @property
    def packaged(self) -> bool:
        """True for the weights that come with the software."""
        return self.spec.weights_files[0].parent == self.spec.folder

    @property
    def demonstration(self) -> bool:
        """True when a weight that takes part is for demonstration only."""
        return any(file.demonstration for record in self.records for file in record.files)


def gather_facts(spec: SystemSpec, figures: str) -> CardFacts:
    """The facts of the system with the weights that ``spec`` names first, and of the evaluation beside them.

    CardError when that evaluation cannot be read, or is of other weights.
    """
    records = tuple(read_weights_record(path) for path in spec.weights_files)
    digest = digest_of_weights(spec)
    kept = spec.weights_files[0].parent / EVALUATION
    return CardFacts(
        spec=spec,
        words=read_card_words(spec.folder),
        records=records,
        weights_digest=digest,
        evaluation=read_evaluation(kept, digest) if kept.exists() else None,
        figures=figures,
        sources=sources_of(spec),
    )


def digest_of_weights(spec: SystemSpec) -> str:
    """What results and evaluations call these weights."""
    return weights_digest(spec, all_weights(spec.weights_files))


def sources_of(spec: SystemSpec) -> dict[str, Path]:
    """The spec, every weight file by its role, and what was measured, by what each is."""
    folder = spec.weights_files[0].parent
    files = all_weights(spec.weights_files)
    measured = {"evaluation": folder / EVALUATION, "figures of training": folder / FIGURES}
    return (
        {"specification": spec.folder / "spec.toml"}
        | {f"weights {file.role}": file.path for file in files}
        | {what: path for what, path in measured.items() if path.exists()}
    )


def read_evaluation(path: Path, digest: str) -> dict[str, Any]:
    """An evaluation.json of the weights with this digest; CardError when it is none, or of other weights."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("form") != _FORM:
        raise CardError(f"{path} is no {EVALUATION} of `rheumascore evaluate`; name the folder of its report.")
    if content.get("weights_sha256") != digest:
        raise CardError(
            f"{path} was measured with other weights ({str(content.get('weights_sha256'))[:12]}…) than these "
            f"({digest[:12]}…): evaluate these, then write the card with --evaluation REPORT."
        )
    return content
