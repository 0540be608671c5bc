"""The model card as Markdown: what an auditor of a trial asks of weights, each figure with the data it is from."""

from __future__ import annotations

from scoring.cards.card_facts import CardFacts
from scoring.cards.card_files import CLAIM, TRIPOD
from scoring.cards.card_freshness import source_rows
from scoring.cards.heatmap_words import heatmap_part
from scoring.cards.measured_words import detectable, measured_part


def model_card(facts: CardFacts) -> str:
    """The whole card."""
    sections = {
        "Intended use": _intended_use(facts),
        "How it works": [facts.words.how_it_works, "", facts.words.preprocessing, "", facts.words.network],
        "Training": _training(facts),
        "Weights": _weights(facts),
        "Measured against readings": measured_part(facts.evaluation),
        "What a difference between two visits means": [detectable(facts.evaluation)],
        "Measured by training": [facts.figures] if facts.figures else [],
        "When there is no number": [facts.words.not_given],
        "Explanation": _explanation(facts),
        "Where it fails, as far as we know": _failures(facts),
        "Licence": _licence(facts),
        "What this card was written from": _sources(facts),
    }
    lines = _head(facts)
    for title, said in sections.items():
        if said:
            lines += ["", f"## {title}", "", *said]
    return "\n".join(lines) + "\n"


def _head(facts: CardFacts) -> list[str]:
    spec, where = facts.spec, "" if facts.packaged else " --weights RUN"
    return [
        f"# {spec.title}",
        "",
        f"<!-- Written by `rheumascore card {spec.key}{where}`: change what it is written from, not this file. -->",
        "",
        f"> **{facts.records[0].statement}**",
        "",
        f"System `{spec.key}` {spec.version}, preprocessing {spec.preprocessing_version}, weights "
        f"`{facts.weights_digest[:12]}`" + (", for demonstration only." if facts.demonstration else "."),
        f"Reporting items: [CLAIM 2024]({CLAIM}), [TRIPOD+AI]({TRIPOD}).",
    ]


def _intended_use(facts: CardFacts) -> list[str]:
    not_for = [facts.words.not_for] + ([facts.words.packaged.not_for] if facts.packaged else [])
    return [facts.spec.intended_use, "", facts.words.context_of_use, "", f"**Not for:** {' '.join(not_for)}"]


def _training(facts: CardFacts) -> list[str]:
    how = facts.words.packaged.training if facts.packaged else facts.words.training
    return [how, "", facts.words.splits]


def _weights(facts: CardFacts) -> list[str]:
    lines = ["| file | learnt from | licence | made by |", "| --- | --- | --- | --- |"]
    files = [file for record in facts.records for file in record.files]
    lines += [f"| `{file.path.name}` | {file.learnt_from} | {file.licence} | `{file.command}` |" for file in files]
    sources = dict.fromkeys(name for file in files for name in file.data)
    return [*lines, "", "Data:", "", *(f"- {name}" for name in sources)]


def _explanation(facts: CardFacts) -> list[str]:
    measured = heatmap_part(facts.evaluation)
    return [facts.words.explanation, *(("", *measured) if measured else ())]


def _failures(facts: CardFacts) -> list[str]:
    known = [*(facts.words.packaged.fails if facts.packaged else ()), *facts.words.fails]
    return [f"- {one}" for one in known]


def _licence(facts: CardFacts) -> list[str]:
    licences = dict.fromkeys(file.licence for record in facts.records for file in record.files)
    own = [facts.words.packaged.licence] if facts.packaged else []
    return [f"The code is Apache-2.0. Of the weights: {'; '.join(licences)}.", *(("", *own) if own else ())]


def _sources(facts: CardFacts) -> list[str]:
    return [
        *source_rows(facts.sources),
        "",
        "`rheumascore card --check` compares these with the files as they are now.",
    ]
