"""Letters of lead: markers on the film and burned-in text, drawn as strokes so that no font file is needed."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Plane = npt.NDArray[np.float32]

_STROKES: Final[dict[str, tuple[str, ...]]] = {
    "A": ("062046", "1333"), "B": ("06003041423303", "033344453606"), "C": ("4130100105163645",),
    "D": ("060020424426", "0626"), "E": ("40000646", "0333"), "H": ("0600", "4640", "0343"), "J": ("4044351605",),
    "K": ("0600", "4003", "0346"), "L": ("000646",), "M": ("0600234046",), "N": ("06004640",),
    "O": ("103041453616050110",), "P": ("060030414233", "3303"), "R": ("060030414233", "3303", "2346"),
    "S": ("4130100112324344361605",), "T": ("0040", "2026"), "W": ("0016233640",),
}  # fmt: skip
"""Polylines on a grid of 5 columns by 7 rows: pairs of digits, column then row."""


def lettering(text: str, height_px: int, degrees: float = 0.0) -> Plane:
    """Coverage 0..1 of ``text``, its capitals ``height_px`` tall, turned anticlockwise by ``degrees``.

    Raises:
        KeyError: a character that has no strokes (letters A-E, H, J-P, R-T, W and the space have).
    """
    scale, fine = max(height_px, 5) / 6.0, 3
    width = int(len(text) * 5.6 * scale + 2 * scale)
    canvas = Image.new("L", (width * fine, int(8.2 * scale) * fine))
    pen = ImageDraw.Draw(canvas)
    thick = max(int(1.05 * scale * fine), 2)
    for index, letter in enumerate(text):
        for stroke in () if letter == " " else _STROKES[letter]:
            points = [
                ((1.1 + index * 5.6 + int(stroke[i])) * scale * fine, (1.1 + int(stroke[i + 1])) * scale * fine)
                for i in range(0, len(stroke), 2)
            ]
            pen.line(points, fill=255, width=thick, joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
    turned = canvas.rotate(degrees, Image.Resampling.BILINEAR, expand=True) if degrees else canvas
    plane: Plane = np.asarray(turned.reduce(fine), dtype=np.float32) / 255.0
    return plane
