"""Which part of which image a group of the report is about.

Every group has a region: a viewer in wide use refuses the whole report for one without. A site that was
not seen gets its hand's box, and the full frame of an image when no hand was found.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.result import Box, ImageUse, ScoreItem, ScoreResult, Side
from sr_templates.content_items import corners
from sr_templates.errors import InvalidResultError


@dataclass(frozen=True, slots=True)
class Region:
    """A box on one image, in pixels counted from the centre of the first one."""

    image: ImageUse
    box: Box


def site_region(result: ScoreResult, side: Side | None, items: Sequence[ScoreItem]) -> Region:
    """The site's own box, else its hand's, else the full frame."""
    for item in items:
        if item.image is not None and item.region is not None:
            return Region(_image(result, item.image), item.region)
    images = {item.image for item in items if item.image is not None}
    for hand in result.hands:
        if hand.side == side and (not images or hand.image in images):
            return Region(_image(result, hand.image), hand.box)
    return _full_frame(_image(result, min(images)) if images else first_image(result))


def summary_region(result: ScoreResult, side: Side | None) -> Region:
    """The hand, or both hands when one image shows them; else the full frame of the first image that was read."""
    hands = [h for h in result.hands if side in (None, h.side)]
    if side is not None and hands:
        return Region(_image(result, hands[0].image), hands[0].box)
    if len({h.image for h in hands}) == 1:
        x0, y0, x1, y1 = zip(*(h.box for h in hands), strict=True)
        return Region(_image(result, hands[0].image), (min(x0), min(y0), max(x1), max(y1)))
    return _full_frame(first_image(result))


def drawn_box(where: Region) -> Box:
    """The region as a reader finds it: cut off at the image's edge, in the single precision of Graphic Data."""
    single = struct.pack("<4f", *corners(where.box, (where.image.columns, where.image.rows)))
    return box_from_corners(struct.unpack("<4f", single))


def box_from_corners(found: Sequence[float]) -> Box:
    """From Graphic Data to pixels counted from the centre of the first one: x0, y0, x1, y1."""
    x0, y0, x1, y1 = (v - 0.5 for v in found)
    return x0, y0, x1, y1


def first_image(result: ScoreResult) -> ImageUse:
    """The first image that was read, else the first that has a pixel grid."""
    images = [i for i in result.images if i.rows > 0 and i.columns > 0]
    if not images:
        raise InvalidResultError("No instance of the result has a pixel grid; a report has no region to refer to.")
    return next((i for i in images if i.used), images[0])


def _full_frame(image: ImageUse) -> Region:
    return Region(image, (-0.5, -0.5, image.columns - 0.5, image.rows - 0.5))


def _image(result: ScoreResult, uid: str) -> ImageUse:
    for image in result.images:
        if image.sop_instance_uid == uid:
            return image
    raise InvalidResultError("A grade names an image that is not among the images of the result.")
