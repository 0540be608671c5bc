"""What the report says of its images in words: which were read and why, their SHA-256, hands, heatmaps.

Images are called by their number in the image library: a UID in words would stay behind when a site maps its UIDs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from scoring.coded_concept import CodedConcept
from scoring.result import HandRegion, Heatmap, Marks, ScoreResult, Side
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import box_of, fields_of, line_of, needed, numbers_line, numbers_of, whole_number

SIDES: Final[dict[Side, str]] = {"L": "left", "R": "right"}
_VERDICTS: Final = {True: "read", False: "left out"}
_OTHER_SIDE: Final = {False: "the same side or none", True: "another side"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of an image: read or left out, by which rule, and why."""

    used: bool
    rule: str
    explanation: str


def image_lines(result: ScoreResult) -> list[tuple[CodedConcept, str]]:
    """Two lines for each image, one for each hand, each heatmap and each list of marks."""
    number = {image.sop_instance_uid: str(n) for n, image in enumerate(result.images, start=1)}
    lines = []
    for image in result.images:
        which = {"image": number[image.sop_instance_uid]}
        choice = {"verdict": _VERDICTS[image.used], "rule": image.rule, "why": image.explanation}
        lines.append((codes.IMAGE_CHOICE, line_of(which | choice)))
        lines.append((codes.SOURCE_SHA256, line_of(which | {"SHA-256": image.content_sha256})))
    lines += [(codes.HAND_FOUND, _hand_line(hand, number[hand.image])) for hand in result.hands]
    lines += [(codes.HEATMAP, _heatmap_line(heatmap, number[heatmap.image])) for heatmap in result.heatmaps]
    lines += [(codes.MARKS, _marks_line(marks, number[marks.image])) for marks in result.marks]
    return lines


def image_at(number: str, images: Sequence[str]) -> str:
    """SOP Instance UID of an image by its number in the library."""
    place = whole_number(number)
    if not 1 <= place <= len(images):
        raise ForeignReportError(f"The report speaks of image {place}; its image library has {len(images)}.")
    return images[place - 1]


def read_choice(line: str, images: Sequence[str]) -> tuple[str, Choice]:
    """Image, and what became of it."""
    fields = fields_of(line)
    used = needed(fields, "verdict") == _VERDICTS[True]
    return image_at(needed(fields, "image"), images), Choice(used, needed(fields, "rule"), needed(fields, "why"))


def read_sha256(line: str, images: Sequence[str]) -> tuple[str, str]:
    """Image, SHA-256 of its bytes as received."""
    fields = fields_of(line)
    return image_at(needed(fields, "image"), images), needed(fields, "SHA-256")


def read_hand(line: str, images: Sequence[str]) -> HandRegion:
    """The hand that a HAND-FOUND line tells of."""
    fields = fields_of(line)
    sides = {words: side for side, words in SIDES.items()}
    certainty = numbers_of(needed(fields, "side certainty"))
    if needed(fields, "hand") not in sides or len(certainty) != 1:
        raise ForeignReportError("A hand of the report has no side, or no certainty of it; the report is damaged.")
    return HandRegion(
        image=image_at(needed(fields, "image"), images),
        side=sides[fields["hand"]],
        box=box_of(needed(fields, "box")),
        side_certainty=certainty[0],
        header_disagrees=needed(fields, "header says") == _OTHER_SIDE[True],
    )


def read_heatmap(line: str, images: Sequence[str]) -> Heatmap:
    """The heatmap that a HEATMAP line tells of."""
    fields = fields_of(line)
    named = [needed(fields, name) for name in ("array SHA-256", "method", "shows")]
    return Heatmap(image_at(needed(fields, "image"), images), *cast("tuple[str, str, str]", tuple(named)))


def read_marks(line: str, images: Sequence[str]) -> Marks:
    """The marks that a MARKS line tells of."""
    fields = fields_of(line)
    return Marks(image_at(needed(fields, "image"), images), needed(fields, "array SHA-256"), needed(fields, "marks"))


def _hand_line(hand: HandRegion, number: str) -> str:
    return line_of(
        {
            "image": number,
            "hand": SIDES[hand.side],
            "header says": _OTHER_SIDE[hand.header_disagrees],
            "side certainty": numbers_line([hand.side_certainty]),
            "box": numbers_line(hand.box),
        }
    )


def _heatmap_line(heatmap: Heatmap, number: str) -> str:
    return line_of({"image": number, "method": heatmap.method, "shows": heatmap.about, "array SHA-256": heatmap.array})


def _marks_line(marks: Marks, number: str) -> str:
    return line_of({"image": number, "marks": marks.about, "array SHA-256": marks.array})
