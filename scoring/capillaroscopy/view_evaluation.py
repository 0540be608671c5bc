"""Which pictures are let in as nailfolds: ``python -m scoring.capillaroscopy.view_evaluation --others DIR``.

Each folder is a source of real pictures (JPEG, PNG): of ``--nailfolds`` and ``--others`` nothing was learnt or chosen,
so that what holds for them may hold for the next. Those of ``--taught-nailfolds`` and ``--taught-others`` taught the
gate or fixed its rule; they are named so, and prove nothing. Pictures are judged as in scoring, without a known scale.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from scoring.capillaroscopy.burned_in import clean_picture
from scoring.capillaroscopy.nailfold_in_view import NailfoldInView
from scoring.capillaroscopy.other_pictures import draw_other_picture
from scoring.capillaroscopy.other_skin import draw_other_skin
from scoring.capillaroscopy.sharpness import Pixels
from scoring.capillaroscopy.view_material import pictures_below
from scoring.learning.progress import Progress, progress_on_stderr, silent
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.phone_camera import Picture
from scoring.phantoms.nailfold.phone_file import stamped
from scoring.phantoms.nailfold.skin_tone import tone_group
from scoring.score_rules.nailfold_labels import FINGERS
from scoring.smaller_frame import smaller
from scoring.weights import read_weights_record
from scoring.whole_file import write_whole_text

UNSEEN_SEED: Final = 850_000
_COLUMNS: Final = (320, 400, 512, 640)
"""Of phantoms in turn; other drawn pictures have the first."""
_LARGE: Final = (1600, 2400, 4000)
"""As wide as phones make them: one phantom in ``_LARGE_EVERY``, for it takes seconds to draw."""
_LARGE_EVERY: Final = 40
_LONGEST_SIDE: Final = 1000
"""Larger pictures are made smaller first, as in scoring (spec.toml of the nailfold system)."""
_SOURCES: Final = {
    "nailfolds": "real nailfolds, not learnt from",
    "others": "real, not learnt from",
    "taught_nailfolds": "real nailfolds, learnt from",
    "taught_others": "real, learnt from",
}
"""Options that name folders of real pictures, and how the figures call what lies there."""
_FOLDER: Final = Path(__file__).parent
FIGURES: Final = _FOLDER / "view_gate.toml"


def main() -> None:
    """Parse the command line, measure, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=_FOLDER / "weights.toml", help="the record of weights")
    for option, name in _SOURCES.items():
        parser.add_argument(f"--{option.replace('_', '-')}", type=Path, nargs="*", default=[], help=f"folders: {name}")
    parser.add_argument("--pictures", type=int, default=600, help="of unseen phantoms, and of each kind of drawn ones")
    parser.add_argument("--out", type=Path, default=FIGURES)
    chosen = parser.parse_args()
    view = NailfoldInView.open(read_weights_record(chosen.weights))
    with progress_on_stderr() as progress:
        figures = drawn_figures(view, chosen.pictures, progress)
    for option, name in _SOURCES.items():
        for folder in getattr(chosen, option):
            figures[f"{name}, {folder.name}"] = counted(view, [_said(view, p) for p in pictures_below(folder)])
    write_whole_text(chosen.out, figures_toml(figures))


def drawn_figures(view: NailfoldInView, pictures: int, progress: Progress = silent) -> dict[str, Mapping[str, Any]]:
    """Of unseen phantoms by skin tone and blur, and of unseen drawn pictures: how many are let in, of how many.

    Every second phantom has words burned in; hair, bubbles, shine and a dark border come as they were drawn.
    """
    said: dict[str, list[float]] = {}
    for number in range(pictures):
        seed = UNSEEN_SEED + number
        name, pixels = _phantom(seed, _width(number))
        drawn = {
            name: stamped(pixels) if number % 2 else pixels,
            "drawn skin that is no nailfold": draw_other_skin(seed, _COLUMNS[0]),
            "drawn pictures of other things": draw_other_picture(seed, _COLUMNS[0]),
        }
        for kind, picture in drawn.items():
            said.setdefault(kind, []).append(_said(view, picture))
        progress("unseen pictures judged", number + 1, pictures)
    return {name: counted(view, said[name]) for name in sorted(said)}


def _said(view: NailfoldInView, pixels: Pixels) -> float:
    """Probability that a picture shows a nailfold, made ready as scoring does."""
    return view.probability(clean_picture(smaller(pixels, _LONGEST_SIDE)).pixels, None)


def _width(number: int) -> int:
    if number % _LARGE_EVERY == 0:
        return _LARGE[number // _LARGE_EVERY % len(_LARGE)]
    return _COLUMNS[number % len(_COLUMNS)]


def _phantom(seed: int, columns: int) -> tuple[str, Picture]:
    patient = draw_patient(seed)
    phantom = draw_nailfold(patient, "R", FINGERS[seed % len(FINGERS)], columns=columns)
    kind = "blurred" if phantom.labels["too_blurry"] else "sharp"
    return f"phantoms, {tone_group(patient.tone)} skin, {kind}", phantom.pixels


def counted(view: NailfoldInView, said: Sequence[float]) -> Mapping[str, Any]:
    """How many pictures are let in as nailfolds, of how many; the least, the middle and the highest probability."""
    least, middle, highest = (round(float(p), 3) for p in np.quantile(said, (0, 0.5, 1)))
    let_in = sum(p >= view.gate.threshold for p in said)
    return {"let_in": let_in, "pictures": len(said), "least": least, "middle": middle, "highest": highest}


def figures_toml(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for each kind of picture."""
    lines = ["# Pictures that the view gate lets in as nailfolds; written by scoring.capillaroscopy.view_evaluation"]
    for name, counts in figures.items():
        lines += ["", f'["{name}"]', *(f"{key} = {value}" for key, value in counts.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
