"""What ``view_gate.toml`` says of the view gate, as a chapter of a model card."""

from __future__ import annotations

import tomllib

from scoring.capillaroscopy.view_evaluation import FIGURES


def view_gate_in_words() -> list[str]:
    """Markdown lines; every number is read from the figures that ``scoring.capillaroscopy.view_evaluation`` wrote."""
    figures = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    return [
        "### Is it a nailfold",
        "",
        "A small network looks at every picture first; one that shows no nailfold is not assessed, with that reason. "
        "It learnt from drawn pictures alone, so each source of real ones below was absent from training. Of nailfolds "
        "all should be let in, of anything else none. Real nailfolds are paler, turned further and seen nearer than "
        "drawn ones, and too many of them are refused: a centre must try the gate on its own pictures first.",
        "",
        "| pictures, none of them seen in training | let in | of |",
        "| --- | --- | --- |",
        *(f"| {name} | {counts['let_in']} | {counts['pictures']} |" for name, counts in figures.items()),
        "",
    ]
