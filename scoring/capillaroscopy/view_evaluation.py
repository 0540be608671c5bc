"""How the view gate fares on pictures it never saw: ``python -m scoring.capillaroscopy.view_evaluation --others DIR``.

Each folder of ``--others`` is a source of real pictures (JPEG, PNG) that show no nailfold. As training draws all its
pictures, every source is one that it was not taught: what holds for them may hold for the next.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scoring.capillaroscopy.other_pictures import draw_other_picture
from scoring.capillaroscopy.other_skin import draw_other_skin
from scoring.capillaroscopy.sharpness import Pixels
from scoring.capillaroscopy.view_gate import ROLE, ViewGate
from scoring.capillaroscopy.view_material import pictures_below
from scoring.learning.progress import Progress, progress_on_stderr, silent
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.skin_tone import tone_group
from scoring.score_rules.nailfold_labels import FINGERS
from scoring.weights import read_weights_record
from scoring.whole_file import write_whole_text

UNSEEN_SEED: Final = 850_000
_COLUMNS: Final = 400
_FOLDER: Final = Path(__file__).parent
FIGURES: Final = _FOLDER / "view_gate.toml"


def main() -> None:
    """Parse the command line, measure, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=_FOLDER / "weights.toml", help="the record of weights")
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="folders of real pictures, one a source")
    parser.add_argument("--pictures", type=int, default=400, help="of unseen phantoms, and of each kind of drawn ones")
    parser.add_argument("--out", type=Path, default=FIGURES)
    chosen = parser.parse_args()
    gate = ViewGate.open(read_weights_record(chosen.weights).file(ROLE))
    with progress_on_stderr() as progress:
        figures = drawn_figures(gate, chosen.pictures, progress)
    figures |= {f"real, {folder.name}": refused(gate, list(pictures_below(folder))) for folder in chosen.others}
    write_whole_text(chosen.out, figures_toml(figures))


def drawn_figures(gate: ViewGate, pictures: int, progress: Progress = silent) -> dict[str, Mapping[str, int]]:
    """Of unseen phantoms by skin tone and blur, and of unseen drawn pictures: how many are let in, of how many."""
    figures: dict[str, dict[str, int]] = {}
    for number in range(pictures):
        seed = UNSEEN_SEED + number
        patient = draw_patient(seed)
        phantom = draw_nailfold(patient, "R", FINGERS[seed % len(FINGERS)], columns=_COLUMNS)
        kind = "blurred" if phantom.labels["too_blurry"] else "sharp"
        _count(figures, f"phantoms, {tone_group(patient.tone)} skin, {kind}", gate.sees_nailfold(phantom.pixels))
        _count(figures, "drawn skin that is no nailfold", gate.sees_nailfold(draw_other_skin(seed, _COLUMNS)))
        _count(figures, "drawn pictures of other things", gate.sees_nailfold(draw_other_picture(seed, _COLUMNS)))
        progress("unseen pictures judged", number + 1, pictures)
    return {name: figures[name] for name in sorted(figures)}


def refused(gate: ViewGate, pictures: list[Pixels]) -> Mapping[str, int]:
    """How many of these pictures are let in as nailfolds, of how many."""
    return {"let_in": sum(gate.sees_nailfold(pixels) for pixels in pictures), "pictures": len(pictures)}


def figures_toml(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for each kind of picture."""
    lines = ["# Pictures that the view gate lets in as nailfolds; written by scoring.capillaroscopy.view_evaluation"]
    for name, counts in figures.items():
        lines += ["", f'["{name}"]', *(f"{key} = {value}" for key, value in counts.items())]
    return "\n".join(lines) + "\n"


def _count(figures: dict[str, dict[str, int]], name: str, let_in: bool) -> None:
    row = figures.setdefault(name, {"let_in": 0, "pictures": 0})
    row["let_in"] += let_in
    row["pictures"] += 1


if __name__ == "__main__":
    main()
