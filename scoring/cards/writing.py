"""Write a model card and the tables that are filled from it, beside the weights."""

from __future__ import annotations

import shutil
from pathlib import Path

from scoring.cards.card_facts import CardFacts, digest_of_weights, gather_facts, read_evaluation
from scoring.cards.card_files import CARD, CLAIM, EVALUATION, TRIPOD
from scoring.cards.model_card import model_card
from scoring.cards.reporting_items import filled_table
from scoring.spec import SystemSpec
from scoring.whole_file import write_whole_text


def write_card_files(spec: SystemSpec, figures: str, evaluation: Path | None) -> Path:
    """Write the card of the weights that ``spec`` names first; its path.

    ``evaluation``: an evaluation.json, or the folder of a report, to be kept beside the weights; None: the one that is
    there. Raises CardError when it is of other weights.
    """
    folder = spec.weights_files[0].parent
    kept = folder / EVALUATION
    if evaluation is not None:
        given = evaluation / EVALUATION if evaluation.is_dir() else evaluation
        read_evaluation(given, digest_of_weights(spec))
        if given.resolve() != kept.resolve():
            shutil.copyfile(given, kept)
    for name, text in card_texts(gather_facts(spec, figures)).items():
        write_whole_text(folder / name, text)
    return folder / CARD


def card_texts(facts: CardFacts) -> dict[str, str]:
    """The card and its tables, by their names."""
    card = model_card(facts)
    return {CARD: card, CLAIM: filled_table("claim_2024", facts, card), TRIPOD: filled_table("tripod_ai", facts, card)}
