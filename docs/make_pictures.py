"""Make the pictures that README and docs show, from the packaged demonstration studies: ``make docs``.

Nothing is retouched: each picture is the Secondary Capture that the node would send.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from pydicom import dcmread

from dicom_node.receiving.photo_wrapping import wrap_photos
from dicom_node.score_offline import Wanted, score_files
from scoring.phantoms.write_phantoms import write_hand_pair

PICTURES = Path(__file__).parent / "pictures"
FILM = Path(__file__).parents[1] / "dicom_node" / "demo_studies" / "rsna_hand_11461.png"
PHANTOM_SEED = 2026
LONGEST_SIDE = 1400


def main() -> None:
    """Score a real film and a phantom pair, and keep their pictures as JPEG."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        film = list(wrap_photos([FILM], "hand", "RSNA-11461", folder / "film", side="L"))
        save_pictures("real_film", film, folder / "film-out")
        pair = write_hand_pair(folder / "phantom", PHANTOM_SEED, severity=0.35)
        save_pictures("phantom_pair", pair.files, folder / "phantom-out")


def save_pictures(name: str, files: Sequence[Path], out: Path) -> None:
    """Score offline and save every Secondary Capture."""
    out.mkdir()
    for score in score_files(files, Wanted(out), "hand_joints"):
        for path in score.files:
            if path.name.endswith(".sr.dcm"):
                continue
            kind = "report_page" if path.name.endswith(".page.sc.dcm") else "heatmap"
            number = path.name.partition("-")[2].partition("-")[2][:1]
            picture = Image.fromarray(dcmread(path).pixel_array)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            target = PICTURES / f"{name}_{kind}{'_' + number if number.isdigit() else ''}.jpg"
            picture.save(target, quality=85, optimize=True)
            sys.stdout.write(f"{target.relative_to(PICTURES.parents[1])}\n")


if __name__ == "__main__":
    main()
