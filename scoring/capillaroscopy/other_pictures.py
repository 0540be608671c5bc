"""Pictures of anything but magnified skin, drawn: rooms and things, hands, pages, charts, films, noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scoring.anatomy.counter_examples import counter_example
from scoring.phantoms.nailfold.phone_camera import Picture
from scoring.phantoms.nailfold.skin_tone import DARKEST, DERMIS, LIGHTEST, MELANIN, melanin_of
from scoring.phantoms.nailfold.texture import cloud
from scoring.phantoms.nailfold.view import ASPECT
from scoring.phantoms.seeded import stream

_Colour = tuple[int, int, int]


def draw_other_picture(seed: int, columns: int) -> Picture:
    """One picture of a kind that the seed chooses."""
    draw = stream(seed, "other picture")
    kind = list(_KINDS)[int(draw.integers(len(_KINDS)))]
    page = _KINDS[kind](draw, (columns, round(ASPECT * columns)))
    if draw.random() < 0.3:
        page = page.filter(ImageFilter.GaussianBlur(float(draw.uniform(0.5, 5))))
    lamp = 1 + draw.uniform(0, 0.25) * cloud(draw, (page.height, page.width), page.height / 2)
    grain = draw.uniform(0, 5) * cloud(draw, (page.height, page.width), 1.25)
    lit = np.clip(np.asarray(page) * lamp[..., None] + grain[..., None], 0, 255)
    return np.asarray(lit, np.uint8)


def _things(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Shapes that hide each other, large and small: what photographs of rooms have in common ("dead leaves")."""
    page = Image.new("RGB", size, _any_colour(draw))
    pen = ImageDraw.Draw(page)
    near = [_any_colour(draw) for _ in range(int(draw.integers(2, 7)))]
    for _ in range(int(draw.integers(10, 250))):
        reach = size[0] * 0.02 * float(draw.pareto(1.2) + 0.5)
        x, y = draw.uniform(0, size[0]), draw.uniform(0, size[1])
        colour = near[int(draw.integers(len(near)))] if draw.random() < 0.7 else _any_colour(draw)
        box = (x - reach, y - reach * draw.uniform(0.3, 1.5), x + reach, y + reach * draw.uniform(0.3, 1.5))
        (pen.ellipse if draw.random() < 0.5 else pen.rectangle)(box, fill=colour)
    return page.filter(ImageFilter.GaussianBlur(float(draw.uniform(0, 1.5))))


def _hand(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Fingers or toes from afar, with their nails, on cloth or on a table."""
    page = _things(draw, size) if draw.random() < 0.5 else Image.new("RGB", size, _any_colour(draw))
    skin = _skin_colour(draw)
    rosy: _Colour = (min(255, skin[0] + 14), skin[1], skin[2])
    pen = ImageDraw.Draw(page)
    wide, left = size[0] * float(draw.uniform(0.06, 0.5)), size[0] * float(draw.uniform(-0.1, 0.4))
    for n in range(int(draw.integers(1, 6))):
        x, top = left + n * 1.08 * wide, size[1] * float(draw.uniform(0.05, 0.5))
        pen.rounded_rectangle((x, top, x + wide, size[1] * 1.3), radius=wide / 2, fill=skin)
        pen.rounded_rectangle(
            (x + 0.22 * wide, top + 0.1 * wide, x + 0.78 * wide, top + 0.8 * wide), radius=0.25 * wide, fill=rosy
        )
        pen.line((x + 0.2 * wide, top + 1.6 * wide, x + 0.8 * wide, top + 1.62 * wide), fill=_darker(skin), width=2)
    soft = page.filter(ImageFilter.GaussianBlur(float(draw.uniform(0.5, 3))))
    return soft.rotate(float(draw.uniform(0, 360)), Image.Resampling.BILINEAR, fillcolor=_any_colour(draw))


def _wound(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A part of the body that fills the picture, with something red, dark or white on it."""
    page = Image.new("RGB", size, _skin_colour(draw))
    pen = ImageDraw.Draw(page)
    for _ in range(int(draw.integers(1, 8))):
        x, y, reach = draw.uniform(0, size[0]), draw.uniform(0, size[1]), size[0] * draw.uniform(0.02, 0.25)
        red = int(draw.integers(60, 220))
        colour = (red, int(red * draw.uniform(0.2, 0.9)), int(red * draw.uniform(0.2, 0.8)))
        pen.ellipse((x - reach, y - reach * 0.7, x + reach, y + reach * 0.7), fill=colour)
    return page.filter(ImageFilter.GaussianBlur(float(draw.uniform(1, 8))))


def _page(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Rows of strokes like writing, on paper or on a screen."""
    paper, ink = (_any_colour(draw), _any_colour(draw)) if draw.random() < 0.5 else ((240, 240, 236), (30, 30, 40))
    page = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(page)
    high = float(draw.uniform(3, size[1] / 6))
    for y in np.arange(high, size[1], high * draw.uniform(1.3, 2.2)):
        x = float(draw.uniform(0, 3 * high))
        while x < size[0] * draw.uniform(0.7, 1.0):
            at = draw.uniform(0, high, (3, 2)) + np.array((x, float(y) - high))
            pen.line([(float(a), float(b)) for a, b in at], fill=ink, width=max(1, int(high / 6)))
            x += high * float(draw.uniform(0.6, 1.3))
    return page.rotate(float(draw.normal(0, 20)), Image.Resampling.BILINEAR, fillcolor=paper)


def _chart(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Patches of colour or stripes, as test charts, floors and fences have."""
    across, down = int(draw.integers(1, 40)), int(draw.integers(1, 20))
    few = draw.integers(0, 256, (int(draw.integers(2, 6)), 3))
    cells = (
        few[draw.integers(0, len(few), (down, across))]
        if draw.random() < 0.5
        else few[np.indices((down, across)).sum(0) % 2]
    )
    smooth = Image.Resampling.NEAREST if draw.random() < 0.7 else Image.Resampling.BICUBIC
    return Image.fromarray(cells.astype(np.uint8)).resize(size, smooth)


def _film(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A radiograph, perhaps in the tint of a light box."""
    grey = counter_example(int(draw.integers(1 << 30)))[..., None] * np.clip(draw.normal(1, 0.06, 3), 0, 1.1)
    return Image.fromarray(np.clip(255 * grey, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def _clouds(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """One colour, or noise of any coarseness around it."""
    plain, strength = np.array(_skin_colour(draw) if draw.random() < 0.5 else _any_colour(draw)), draw.uniform(0, 60)
    coarse = float(np.exp(draw.uniform(0, 4.5)))
    noise = np.stack([cloud(draw, (size[1], size[0]), coarse) for _ in range(3)], axis=-1)
    noise = noise if draw.random() < 0.5 else noise[..., :1]
    return Image.fromarray(np.clip(plain + strength * noise, 0, 255).astype(np.uint8))


_KINDS: Final[Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Image.Image]]] = {
    "things": _things,
    "things again": _things,
    "hand": _hand,
    "wound": _wound,
    "page": _page,
    "chart": _chart,
    "film": _film,
    "film again": _film,
    "clouds": _clouds,
}
"""Each as often as the others; what is to come twice as often stands here twice."""


def _any_colour(draw: np.random.Generator) -> _Colour:
    """Mostly dull, as things are."""
    vivid = float(draw.uniform(0, 1)) ** 2
    red, green, blue = (int(vivid * n + (1 - vivid) * draw.normal(0, 12)) for n in draw.integers(-127, 128, 3))
    grey = int(draw.integers(20, 236))
    return _byte(grey + red), _byte(grey + green), _byte(grey + blue)


def _byte(value: int) -> int:
    return min(255, max(0, value))


def _skin_colour(draw: np.random.Generator) -> _Colour:
    light = DERMIS * np.exp(-MELANIN * melanin_of(float(draw.uniform(LIGHTEST, DARKEST)))) * draw.uniform(0.6, 1.2)
    red, green, blue = (int(255 * n) for n in np.clip(np.sqrt(light), 0, 1))
    return red, green, blue


def _darker(colour: _Colour) -> _Colour:
    return colour[0] * 3 // 4, colour[1] * 3 // 4, colour[2] * 3 // 4
