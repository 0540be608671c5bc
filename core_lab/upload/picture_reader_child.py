"""The child of ``core_lab.upload.picture_reader``: a task a line as JSON, an answer a line; may be killed at any time.

It says ``ready`` when it has what it needs. Arguments: bytes of memory, and which systems and weights the node uses. An
answer is what was asked for, or ``fault``.
"""

from __future__ import annotations

import errno
import json
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from dicom_node.errors import WrapError
from dicom_node.photographs.burned_in_text import looks_written_on
from dicom_node.photographs.picture_file import is_colourless, open_picture
from dicom_node.photographs.pictured_finger import pictured_finger
from dicom_node.photographs.wrapping import wrap_photos
from dicom_node.settings import ScoringSection
from dicom_node.systems_in_use import systems_in_use
from scoring.capillaroscopy.picture_quality import PictureQuality, judge_picture
from scoring.catalogue import open_spec
from scoring.errors import RheumascoreError

Judge = Callable[[npt.NDArray[np.uint8], float | None], PictureQuality]

_PREVIEW: Final = (960, 960)
_LOOKED_AT: Final = 1920
"""Pixels of the longer side, at least, of what is looked at: twice a preview and what a network is given; twelve
megapixels are made smaller once, before anything else is done with them."""
_ON_ITS_SIDE: Final = (5, 6, 7, 8)
"""EXIF orientations whose rows become columns."""
_NO_COLOUR: Final = (
    "This picture has no colour: nailfolds are photographed in colour. A radiograph is sent by `rheumascore wrap`."
)
_FULL: Final = "This computer's disk is full. Tell the people who run this node; the picture itself is not to blame."
_WRITTEN_ON: Final = (
    "Something seems to be written on this picture. If it is a name, take it again without: nothing is removed from "
    "pixels."
)


def main() -> None:
    """Serve tasks until standard input ends."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    judge = _judge(json.loads(sys.argv[2]))
    judge(np.zeros((*_PREVIEW, 3), np.uint8), None)  # what torch prepares at its first use nobody needs to wait for
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        out.write(json.dumps(_done(json.loads(line), judge)) + "\n")
        out.flush()


def _judge(chosen: Mapping[str, Any]) -> Judge:
    """As the nailfold system of this node judges, with its networks; without them by what can be measured."""
    weights = {key: Path(folder) for key, folder in chosen["weights"].items()}
    try:
        in_use = systems_in_use(ScoringSection(systems=tuple(chosen["systems"]), weights=weights))
        for spec in in_use:
            if spec.key == "nailfold":
                system: Any = open_spec(spec)
                judge: Judge = system.judge
                return judge
    except RheumascoreError as error:
        sys.stderr.write(f"{error.code}: pictures are judged without networks: {error}\n")
    return judge_picture


def _done(task: Mapping[str, Any], judge: Judge) -> dict[str, Any]:
    try:
        return _wrapped(task) if task["task"] == "wrap" else _look(task, judge)
    except RheumascoreError as error:
        return {"fault": str(error)}
    except OSError as error:
        return {"fault": _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else "A picture is no longer there."}


def _look(task: Mapping[str, Any], judge: Judge) -> dict[str, Any]:
    picture = open_picture(Path(task["picture"]), deep=False)
    if is_colourless(picture.image):
        raise WrapError(_NO_COLOUR)
    whole = picture.image if picture.image.mode == "RGB" else picture.image.convert("RGB")
    finer = max(1, max(whole.size) // _LOOKED_AT)
    upright = ImageOps.exif_transpose(whole.reduce(finer))
    columns, rows = whole.size[::-1] if picture.orientation in _ON_ITS_SIDE else whole.size
    um_per_px = task["um_per_px"]
    quality = judge(np.asarray(upright), None if um_per_px is None else um_per_px * columns / upright.width)
    _write_preview(upright, Path(task["preview"]))
    return {
        "columns": columns,
        "rows": rows,
        "faults": list(quality.faults),
        "advice": quality.advice,
        "warnings": [_WRITTEN_ON] if looks_written_on(upright) else [],
    }


def _write_preview(upright: Image.Image, path: Path) -> None:
    """Its pixels alone: what else a picture carries (comments, a place) would be saved with it."""
    small = upright.copy()
    small.thumbnail(_PREVIEW)
    Image.fromarray(np.asarray(small)).save(path, "JPEG", quality=80)


def _wrapped(task: Mapping[str, Any]) -> dict[str, Any]:
    form, photos = task["form"], [Path(picture) for picture in task["pictures"]]
    fingers = {
        photo.name: pictured_finger(said["side"], said["finger"], form["um_per_px"], form["magnification"])
        for photo, said in zip(photos, form["pictures"], strict=True)
    }
    out = Path(task["out"])
    return {
        "files": len(
            list(wrap_photos(photos, "nailfold", form["patient_id"], out, trial=form["trial"], fingers=fingers))
        )
    }


if __name__ == "__main__":
    main()
