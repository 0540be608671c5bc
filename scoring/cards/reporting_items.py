"""Tables of reporting items, filled from a model card's facts; what only the centre can know is left to it, by name.

Items are named in words of our own. CLAIM: Tejani AS et al., Radiol Artif Intell 2024;6(4):e240300. TRIPOD+AI: Collins
GS et al., BMJ 2024;385:e078378. The published checklists are what a journal wants; these tables help to fill them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scoring.cards.card_facts import CardFacts
from scoring.cards.card_freshness import filled_from
from scoring.cards.heatmap_words import heatmap_sentence
from scoring.cards.measured_words import beside_readers, cell, detectable, failures

_FOLDER: Final = Path(__file__).parent
FOR_THE_CENTRE: Final = "**For the centre to say:** the software cannot know it."
NOT_MEASURED: Final = "Not measured for these weights: `rheumascore evaluate`, then `rheumascore card`."


@dataclass(frozen=True, slots=True)
class ReportingItem:
    """One row of a checklist. ``said_by``: the key of the answer; empty: only the centre can say it."""

    number: str
    section: str
    asks: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist by its title and source."""

    title: str
    source: str
    items: tuple[ReportingItem, ...]


def read_checklist(name: str) -> Checklist:
    """``claim_2024`` or ``tripod_ai``."""
    raw = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    items = tuple(
        ReportingItem(row["number"], section["title"], row["asks"], row.get("said_by", ""))
        for section in raw["sections"]
        for row in section["items"]
    )
    return Checklist(raw["title"], raw["source"], items)


def filled_table(name: str, facts: CardFacts, card: str) -> str:
    """A checklist with its answers, as Markdown."""
    checklist, answers = read_checklist(name), answers_of(facts)
    told = sum(bool(answers.get(item.said_by)) for item in checklist.items)
    lines = [
        f"# {checklist.title}: `{facts.spec.key}`",
        "",
        f"{filled_from(card)} {told} of {len(checklist.items)} items are answered from it. {checklist.source}",
    ]
    section = ""
    for item in checklist.items:
        if item.section != section:
            section = item.section
            lines += ["", f"## {section}", "", "| item | asked | answer |", "| --- | --- | --- |"]
        lines.append(f"| {item.number} | {item.asks} | {_answer(item, answers)} |")
    return "\n".join(lines) + "\n"


def answers_of(facts: CardFacts) -> dict[str, str]:
    """What the facts of a card answer, by the key that items name; empty where this card cannot say it."""
    spec, words, measured = facts.spec, facts.words, facts.evaluation
    files = [file for record in facts.records for file in record.files]
    training = words.packaged.training if facts.packaged else words.training
    fails = [*(words.packaged.fails if facts.packaged else ()), *words.fails]
    answers = {
        "method": f"Deep learning on images: {spec.title} (`{spec.key}` {spec.version}).",
        "purpose": f"{spec.intended_use} {words.context_of_use}",
        "users": words.context_of_use,
        "not_for": words.not_for,
        "data": "; ".join(dict.fromkeys(name for file in files for name in file.data)),
        "learnt_from": " ".join(dict.fromkeys(file.learnt_from for file in files)),
        "accepts": "; ".join(dict.fromkeys(f"{rule.attribute}: {rule.because}" for rule in spec.accepts)) + ".",
        "preprocessing": words.preprocessing,
        "splits": words.splits,
        "network": f"{words.how_it_works} {words.network}",
        "training": training,
        "not_given": words.not_given,
        "output": _output(facts),
        "explanation": f"{words.explanation} {heatmap_sentence(measured)}",
        "fails": " ".join(fails),
        "libraries": "torch, timm, MONAI, safetensors; versions: `configs/metadata.json` of an exported bundle, and "
        "every result.",
        "weights": f"Statement: {facts.records[0].statement}. Digest `{facts.weights_digest}`; each file with its "
        "SHA-256 is in the model card.",
        "sharing": "Code: Apache-2.0. Weights: " + "; ".join(dict.fromkeys(file.licence for file in files)) + ".",
        "detectable": detectable(measured),
    }
    return answers | (_measured_answers(facts) if measured else {})


def _measured_answers(facts: CardFacts) -> dict[str, str]:
    measured = facts.evaluation or {}
    items = measured["items"].values()
    readers = sorted({name for item in items for name in item["by_reader"]})
    parts = sorted({part["by"] for item in items for part in item["parts"]})
    return {
        "measured_on": cell(measured["measured_on"]),
        "numbers": f"{measured['images']} images of {measured['patients']} patients; {failures(measured)}",
        "reference": f"Readings of {len(readers)} reader(s); a reader's repeats are averaged first, then the readers.",
        "readers": " ".join(beside_readers(measured)),
        "measures": "; ".join(dict.fromkeys(found["words"] for item in items for found in item["measures"].values())),
        "uncertainty": f"95 % intervals by drawing patients with replacement, seed {measured['seed']}; a measure that "
        "has no value is given with its reason.",
        "parts": f"By {', '.join(parts)}: tables in the model card." if parts else "",
        "performance": " ".join(_main(item) for item in items) + " All measures: model card.",
    }


def _main(item: dict[str, object]) -> str:
    measures: dict[str, dict[str, object]] = item["measures"]  # type: ignore[assignment]  # as evaluation_json writes it
    key, found = next(iter(measures.items()))
    value = "no value" if found["value"] is None else f"{found['value']:.3g}"
    interval = "" if found["lower"] is None else f" (95 % {found['lower']:.3g} to {found['upper']:.3g})"
    return f"{item['words']}: {found.get('words', key)} {value}{interval}."


def _output(facts: CardFacts) -> str:
    graded = "; ".join(f"{item.label} 0–{item.highest}" for item in facts.spec.items)
    totals = "; ".join(f"{total.label} 0–{total.highest}" for total in facts.spec.totals)
    return f"{graded}. Sums: {totals}. Nothing is turned into a yes or no." if graded else f"{totals}."


def _answer(item: ReportingItem, answers: dict[str, str]) -> str:
    return _in_cell(answers.get(item.said_by, "")) or (NOT_MEASURED if item.said_by else FOR_THE_CENTRE)


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
