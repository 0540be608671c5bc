"""Make the pictures that README and docs show, from the packaged demonstration studies: ``make docs``.

Nothing is retouched: each picture is the Secondary Capture that the node would send.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import dcmread

from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.score_offline import Wanted, score_files
from scoring.phantoms.write_phantoms import write_hand_pair

PICTURES = Path(__file__).parent / "pictures"
FILM = Path(__file__).parents[1] / "dicom_node" / "demo_studies" / "rsna_hand_11461.png"
PHANTOM_SEED = 2026
LONGEST_SIDE = 1400
KINDS = {".page.sc.dcm": "report_page", ".frames.sc.dcm": "joints", ".sc.dcm": "heatmap"}
"""By the ending of the file that ``rheumascore score`` writes; the longer endings first."""


def main() -> None:
    """Score a real film and a phantom pair, and keep their pictures as JPEG."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        film = list(wrap_photos([FILM], "hand", "RSNA-11461", folder / "film", side="L"))
        save_pictures("real_film", film, folder / "film-out")
        pair = write_hand_pair(folder / "phantom", PHANTOM_SEED, severity=0.35)
        save_pictures("phantom_pair", pair.files, folder / "phantom-out")


def save_pictures(name: str, files: Sequence[Path], out: Path) -> None:
    """Score offline and save every picture; of the multi-frame one the joints, beside and below each other."""
    out.mkdir()
    for score in score_files(files, Wanted(out, extras=("multiframe",)), "hand_joints"):
        numbers: Counter[str] = Counter()
        for path in score.files:
            kind = next((kind for ending, kind in KINDS.items() if path.name.endswith(ending)), None)
            if kind is None:
                continue
            numbers[kind] += 1
            pixels = dcmread(path).pixel_array
            picture = joint_sheet(pixels) if kind == "joints" else Image.fromarray(pixels)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            target = PICTURES / f"{name}_{kind}{f'_{numbers[kind]}' if numbers[kind] > 1 else ''}.jpg"
            picture.save(target, quality=82, optimize=True)
            sys.stdout.write(f"{target.relative_to(PICTURES.parents[1])}\n")


def joint_sheet(frames: npt.NDArray[np.uint8]) -> Image.Image:
    """The frames after film and heatmap, six in a row; ``frames``: (frames, rows, columns, 3)."""
    joints = frames[2:]
    rows, columns = frames.shape[1:3]
    sheet = Image.new("RGB", (6 * columns, -(-len(joints) // 6) * rows))
    for number, joint in enumerate(joints):
        sheet.paste(Image.fromarray(joint), (number % 6 * columns, number // 6 * rows))
    return sheet


if __name__ == "__main__":
    main()
