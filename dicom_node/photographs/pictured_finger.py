"""Whose nail a picture shows: side and finger, with the scale of the picture where it is known."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from dicom_node.errors import WrapError
from scoring.score_rules.nailfold_labels import FINGERS, Finger

_SIDES: Final = {"R": "right", "L": "left"}
MOST_USUAL: Final = 4
"""Pictures of one finger; protocols ask for two, vendors for up to four."""
_FIRST_ROW: Final = 2
_NEEDED: Final = ("image", "side", "finger")


@dataclass(frozen=True, slots=True)
class PicturedFinger:
    """``um_per_px``: micrometres of skin to a pixel; ``magnification``: what is printed on the lens, such as 200."""

    side: Literal["R", "L"] | None = None
    finger: Finger | None = None
    um_per_px: float | None = None
    magnification: float | None = None

    def __str__(self) -> str:
        return f"{_SIDES.get(self.side or '', 'an unnamed')} {(self.finger or 'finger').lower()}"


def pictured_finger(
    side: str, finger: str, um_per_px: float | None, magnification: float | None, where: str = ""
) -> PicturedFinger:
    """Check what was said. WrapError names what is not allowed, and ``where`` it was said."""
    named_side, named_finger = side.strip().upper(), finger.strip().upper()
    if named_side not in ("", *_SIDES):
        raise WrapError(f"{where}side: got {side!r}, allowed for one finger: R, L or nothing.")
    if named_finger not in ("", *FINGERS):
        raise WrapError(f"{where}finger: got {finger!r}, allowed: {', '.join(FINGERS).lower()} or nothing.")
    for name, value in (("um_per_px", um_per_px), ("magnification", magnification)):
        if value is not None and not 0 < value < 1e4:
            raise WrapError(f"{where}{name}: got {value:g}, allowed: a number above 0 and below 10000.")
    return PicturedFinger(
        cast(Literal["R", "L"], named_side) if named_side else None,
        cast(Finger, named_finger) if named_finger else None,
        um_per_px,
        magnification,
    )


def read_fingers(table: Path) -> Mapping[str, PicturedFinger]:
    """By file name, from a CSV file with the columns image, side, finger and, if known, um_per_px and magnification."""
    try:
        text = table.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [[]]
    except OSError as error:
        raise WrapError(f"{table.name} cannot be read: {(error.strerror or 'no file').lower()}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise WrapError(f"{table.name} is no table in UTF-8; save it as CSV (UTF-8).") from None
    columns = ["_".join(cell.lower().split()) for cell in header]
    if missing := [column for column in _NEEDED if column not in columns]:
        raise WrapError(
            f"{table.name}, row 1: has no column {missing[0]!r} (it has {', '.join(columns) or 'none'}); wanted "
            "image, side, finger and, if known, um_per_px, magnification."
        )
    fingers: dict[str, PicturedFinger] = {}
    for number, line in enumerate(lines, _FIRST_ROW):
        if not any(line):
            continue
        if len(line) > len(columns):
            raise WrapError(f"{table.name}, row {number}: more cells than columns; put a decimal comma in quotes.")
        row = dict.fromkeys(columns, "") | dict(zip(columns, line, strict=False))
        where, image = f"{table.name}, row {number}, ", row["image"].strip()
        if not image or image in fingers:
            raise WrapError(f"{where}image: got {image!r}, wanted the name of a file, each file in one row.")
        scale, magnification = (_number(row.get(name), name, where) for name in ("um_per_px", "magnification"))
        fingers[image] = pictured_finger(row["side"], row["finger"], scale, magnification, where)
    return fingers


def fingers_of_call(
    photos: Sequence[Path],
    table: Path | None,
    side: str,
    finger: str,
    um_per_px: float | None,
    magnification: float | None,
) -> Mapping[str, PicturedFinger]:
    """Of each picture by its file's name: what the table says, or what is said of all pictures; not both."""
    if table is None:
        return dict.fromkeys((photo.name for photo in photos), pictured_finger(side, finger, um_per_px, magnification))
    if side or finger or um_per_px or magnification:
        raise WrapError("fingers: a table says it of each picture; leave out what was said of all of them.")
    named = read_fingers(table)
    if twice := [name for name, count in Counter(photo.name for photo in photos).items() if count > 1]:
        raise WrapError(f"{table.name} cannot say of which file called {twice[0]} it speaks; rename one of them.")
    if missing := [photo.name for photo in photos if photo.name not in named]:
        raise WrapError(
            f"{table.name} has no row for {missing[0]} ({len(missing)} of {len(photos)} pictures have none)."
        )
    return named


def doubts(fingers: Sequence[PicturedFinger]) -> Iterator[str]:
    """What may be wrong with a visit's fingers, in words; nothing of it forbids wrapping."""
    if unnamed := sum(place.side is None or place.finger is None for place in fingers):
        yield f"{unnamed} of {len(fingers)} pictures: nobody said side and finger; no report can weigh fingers alike."
    counts = Counter(str(place) for place in fingers if place.side and place.finger)
    for place, count in counts.items():
        if count > MOST_USUAL:
            yield (
                f"{count} pictures are said to show the {place} finger, where two are usual; is each of that finger? "
                "They count as one finger."
            )


def _number(text: str | None, name: str, where: str) -> float | None:
    if not (text or "").strip():
        return None
    try:
        return float((text or "").replace(",", "."))
    except ValueError:
        raise WrapError(f"{where}{name}: got {text!r}, wanted a number.") from None
