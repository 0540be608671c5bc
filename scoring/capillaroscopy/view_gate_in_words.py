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
        "A picture without colours of its own, as a radiograph is, shows no nailfold. Of others a small network says "
        "whether they do; what it lets in, the capillary finder asks whether capillaries lie in one row, as behind a "
        "nail, or all over, as in other skin. What shows no nailfold is not assessed, with that reason. Of nailfolds "
        "all should be let in, of anything else none. The network learnt from drawn pictures and from the real ones "
        "named so below, which therefore prove nothing; on skin capillaries only one number was fixed. A disordered "
        "nailfold, with capillaries in several rows, may be refused: a centre must try it on its own pictures first.",
        "",
        "| pictures | let in | of | least probability | middle | highest |",
        "| --- | --- | --- | --- | --- | --- |",
        *(f"| {name} | {' | '.join(str(count) for count in counts.values())} |" for name, counts in figures.items()),
        "",
    ]
