"""From light to the picture that a phone keeps: lamp and lens, focus and motion, exposure, sharpening, noise, JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from scoring.phantoms.nailfold.patient import LensAndPhone
from scoring.phantoms.nailfold.skin import Light
from scoring.phantoms.nailfold.texture import Plane, cloud, smooth_step
from scoring.phantoms.nailfold.view import View

Picture = npt.NDArray[np.uint8]
"""(rows, columns, 3): sRGB."""
_MIDDLE_GREY: Final = 0.36
"""Linear light to which a phone exposes what is in the middle, as far as it corrects at all."""


@dataclass(frozen=True, slots=True)
class Blur:
    """``focus_um``: standard deviation. ``motion_um``: length of the way in ``direction``, radians."""

    focus_um: float
    motion_um: float
    direction: float

    @property
    def um(self) -> float:
        """Standard deviation of both together along the motion."""
        return sqrt(self.focus_um**2 + self.motion_um**2 / 12)


def draw_blur(too_blurry: bool, draw: np.random.Generator) -> Blur:
    """2 to 8.5 micrometres when sharp, 16 to 34 when not, of which every third is motion: none in between."""
    direction = float(draw.uniform(0, np.pi))
    if not too_blurry:
        return Blur(float(2 + 6 * draw.beta(1.3, 2.5)), float(draw.uniform(0, 8)), direction)
    strength = float(draw.uniform(16, 34))
    if draw.random() < 1 / 3:
        return Blur(float(draw.uniform(3, 6)), strength * sqrt(12), direction)
    return Blur(strength, float(draw.uniform(0, 20)), direction)


def take_picture(light: Light, view: View, lens: LensAndPhone, blur: Blur, draw: np.random.Generator) -> Picture:
    """The upright picture as it is after one JPEG coding by the phone."""
    exposed = _exposed(light, view, lens, draw)
    blurred = _moved(exposed.filter(ImageFilter.GaussianBlur(blur.focus_um / view.um_per_px)), view, blur)
    seen = _through_lens(blurred.filter(_sharpener(lens.sharpening)), view, lens)
    return _through_jpeg(_with_noise(seen, lens, draw), lens.jpeg_quality)


def _exposed(light: Light, view: View, lens: LensAndPhone, draw: np.random.Generator) -> Image.Image:
    """White balance and exposure follow the picture, not all the way; the lamp is uneven."""
    lamp = 1 + 0.09 * cloud(draw, view.shape, view.shape[0] / 2)
    balance = np.array((1 + lens.warmth, 1.0, 1 - lens.warmth), np.float32) * np.array((1.0, 1.04, 1.07), np.float32)
    gain = (_MIDDLE_GREY / float(light[1].mean())) ** 0.4 * draw.normal(1.0, 0.07)
    shown = np.clip(light * (lamp * np.float32(gain)) * balance[:, None, None], 0, 1)
    toned = np.clip(255 * lens.contrast * np.sqrt(shown) + 150 * (1 - lens.contrast), 0, 255)
    return Image.fromarray(np.ascontiguousarray(toned.astype(np.uint8).transpose(1, 2, 0)))


def _moved(picture: Image.Image, view: View, blur: Blur) -> Image.Image:
    """The mean of the picture along the way of the hand."""
    way = blur.motion_um / view.um_per_px
    steps = min(24, round(way))
    if steps < 2:
        return picture
    values = np.asarray(picture)
    reach = int(way / 2) + 1
    padded = np.pad(values, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros(values.shape, np.uint16)
    for at in np.linspace(-0.5, 0.5, steps):
        top, left = (reach + round(at * way * f) for f in (np.sin(blur.direction), np.cos(blur.direction)))
        total += padded[top : top + values.shape[0], left : left + values.shape[1]]
    return Image.fromarray((total // steps).astype(np.uint8))


def _through_lens(picture: Image.Image, view: View, lens: LensAndPhone) -> Picture:
    """Darker to the edge, black outside the field of the lens."""
    shade: Plane = 1 - lens.vignetting * view.from_middle**2.5
    if np.isfinite(lens.dark_border):
        shade = shade * smooth_step(view.from_middle, lens.dark_border + 0.03, lens.dark_border - 0.03)
    return np.asarray(np.asarray(picture) * shade[..., None], np.uint8)


def _sharpener(strength: float) -> ImageFilter.Kernel:
    """What a phone does to make edges crisp: the difference from the neighbours' mean, added."""
    side = -strength / 8
    return ImageFilter.Kernel((3, 3), (side, side, side, side, 1 + strength, side, side, side, side), scale=1)


def _with_noise(values: Picture, lens: LensAndPhone, draw: np.random.Generator) -> Picture:
    """Grain, finer in brightness than in colour, for that is how phones smooth it away."""
    grain = lens.noise * cloud(draw, values.shape[:2], 1.25)
    colours = 0.6 * lens.noise * cloud(draw, values.shape[:2], 4)
    noisy = values + grain[..., None]
    noisy[..., 0] += colours
    noisy[..., 2] -= colours
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _through_jpeg(values: Picture, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
