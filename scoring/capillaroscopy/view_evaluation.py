"""How the view gate fares on pictures it never saw: ``python -m scoring.capillaroscopy.view_evaluation --others DIR``.

Each folder of ``--others`` is a source of real pictures (JPEG, PNG) that show no nailfold, each of ``--nailfolds`` one
of real nailfolds. As training draws all its pictures, every source is one that it was not taught: what holds for them
may hold for the next.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scoring.capillaroscopy.other_pictures import draw_other_picture
from scoring.capillaroscopy.other_skin import draw_other_skin
from scoring.capillaroscopy.view_gate import ROLE, ViewGate
from scoring.capillaroscopy.view_material import pictures_below
from scoring.learning.progress import Progress, progress_on_stderr, silent
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.phone_camera import Picture
from scoring.phantoms.nailfold.phone_file import stamped
from scoring.phantoms.nailfold.skin_tone import tone_group
from scoring.score_rules.nailfold_labels import FINGERS
from scoring.weights import read_weights_record
from scoring.whole_file import write_whole_text

UNSEEN_SEED: Final = 850_000
_COLUMNS: Final = (320, 400, 512, 640)
"""Of phantoms in turn; other drawn pictures have the first."""
_LARGE: Final = (1600, 2400, 4000)
"""As wide as phones make them: one phantom in ``_LARGE_EVERY``, for it takes seconds to draw."""
_LARGE_EVERY: Final = 40
_FOLDER: Final = Path(__file__).parent
FIGURES: Final = _FOLDER / "view_gate.toml"


def main() -> None:
    """Parse the command line, measure, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=_FOLDER / "weights.toml", help="the record of weights")
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="folders of real pictures, one a source")
    parser.add_argument("--nailfolds", type=Path, nargs="*", default=[], help="folders of real nailfolds, one a source")
    parser.add_argument("--pictures", type=int, default=600, help="of unseen phantoms, and of each kind of drawn ones")
    parser.add_argument("--out", type=Path, default=FIGURES)
    chosen = parser.parse_args()
    gate = ViewGate.open(read_weights_record(chosen.weights).file(ROLE))
    with progress_on_stderr() as progress:
        figures = drawn_figures(gate, chosen.pictures, progress)
    figures |= {f"real nailfolds, {folder.name}": counted(gate, folder) for folder in chosen.nailfolds}
    figures |= {f"real, {folder.name}": counted(gate, folder) for folder in chosen.others}
    write_whole_text(chosen.out, figures_toml(figures))


def drawn_figures(gate: ViewGate, pictures: int, progress: Progress = silent) -> dict[str, Mapping[str, int]]:
    """Of unseen phantoms by skin tone and blur, and of unseen drawn pictures: how many are let in, of how many.

    Every second phantom has words burned in; hair, bubbles, shine and a dark border come as they were drawn.
    """
    figures: dict[str, dict[str, int]] = {}
    for number in range(pictures):
        seed = UNSEEN_SEED + number
        name, pixels = _phantom(seed, _width(number))
        _count(figures, name, gate.sees_nailfold(stamped(pixels) if number % 2 else pixels))
        _count(figures, "drawn skin that is no nailfold", gate.sees_nailfold(draw_other_skin(seed, _COLUMNS[0])))
        _count(figures, "drawn pictures of other things", gate.sees_nailfold(draw_other_picture(seed, _COLUMNS[0])))
        progress("unseen pictures judged", number + 1, pictures)
    return {name: figures[name] for name in sorted(figures)}


def _width(number: int) -> int:
    if number % _LARGE_EVERY == 0:
        return _LARGE[number // _LARGE_EVERY % len(_LARGE)]
    return _COLUMNS[number % len(_COLUMNS)]


def _phantom(seed: int, columns: int) -> tuple[str, Picture]:
    patient = draw_patient(seed)
    phantom = draw_nailfold(patient, "R", FINGERS[seed % len(FINGERS)], columns=columns)
    kind = "blurred" if phantom.labels["too_blurry"] else "sharp"
    return f"phantoms, {tone_group(patient.tone)} skin, {kind}", phantom.pixels


def counted(gate: ViewGate, folder: Path) -> Mapping[str, int]:
    """How many of a folder's pictures are let in as nailfolds, of how many."""
    seen = [gate.sees_nailfold(pixels) for pixels in pictures_below(folder)]
    return {"let_in": sum(seen), "pictures": len(seen)}


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
