"""An evaluation in Markdown: every figure with its interval, below the data that it was measured on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SMALLEST: Final = "smallest_detectable"


def measured_part(evaluation: Mapping[str, Any] | None) -> list[str]:
    """The section of a card."""
    if evaluation is None:
        return ["These weights were not measured against readings: `rheumascore evaluate`, then `rheumascore card`."]
    lines = [f"Measured on {cell(evaluation['measured_on'])}. Every figure here is of these data and of no others."]
    lines += ["", f"{evaluation['images']} images, {evaluation['patients']} patients; {failures(evaluation)}"]
    for item in evaluation["items"].values():
        lines += ["", *_item(item)]
    return lines


def failures(evaluation: Mapping[str, Any]) -> str:
    """How many images gave nothing, and why."""
    if not evaluation["failures"]:
        return "every image gave a score."
    told = "; ".join(f"{count} × {cell(reason)}" for reason, count in evaluation["failures"].items())
    return f"{sum(evaluation['failures'].values())} images gave nothing: {told}"


def detectable(evaluation: Mapping[str, Any] | None) -> str:
    """The smallest detectable difference of each score, in a sentence; it belongs beside every change."""
    found = [
        f"{item['words']}: {value_in_words(item['measures'][_SMALLEST])}"
        for item in (evaluation or {"items": {}})["items"].values()
        if _SMALLEST in item["measures"]
    ]
    if not found:
        return "The smallest detectable difference is not known for these weights: no change may be read from them."
    on = cell((evaluation or {})["measured_on"])
    return (
        f"Smallest detectable difference (1.96 √2 SEM, system against readers; {on}): {'; '.join(found)}. A difference "
        "between two visits that is smaller cannot be told from the noise of reading."
    )


def beside_readers(evaluation: Mapping[str, Any] | None) -> list[str]:
    """Whether the system is within the readers, an answer an item."""
    items = (evaluation or {"items": {}})["items"].values()
    return [f"{i['words']}: {i['beside_readers']['sentence']}" for i in items if i["beside_readers"]]


def _item(item: Mapping[str, Any]) -> list[str]:
    heading = f"### {item['words'][0].upper()}{item['words'][1:]} (0–{item['highest']:g})"
    lines = [heading, "", f"{item['rows']} rows with a reading; the system gave no value in {item['not_given']}."]
    lines += ["", "| measure | value (95 % interval) | rows | patients |", "| --- | --- | --- | --- |"]
    for found in item["measures"].values():
        lines.append(f"| {found['words']} | {value_in_words(found)} | {found['rows']} | {found['patients']} |")
    if item["beside_readers"]:
        lines += ["", item["beside_readers"]["sentence"]]
    if item["parts"]:
        lines += ["", "| part | rows | not given | measured |", "| --- | --- | --- | --- |"]
    for part in item["parts"]:
        told = "; ".join(f"{found['words']} {value_in_words(found)}" for found in part["measures"].values())
        lines.append(f"| {part['by']} {cell(part['name'])} | {part['rows']} | {part['not_given']} | {told} |")
    return lines


def cell(text: str) -> str:
    """A text from a table or a header, so that it stays one cell of ours."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def value_in_words(found: Mapping[str, Any]) -> str:
    """A measure as an evaluation has it: three figures and its interval, or why it has none."""
    if found["value"] is None:
        return f"none ({found['reason'].rstrip('.')})"
    interval = "" if found["lower"] is None else f" ({found['lower']:.3g} to {found['upper']:.3g})"
    return f"{found['value']:.3g}{interval}"
