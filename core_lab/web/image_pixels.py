"""Pictures of the source images: grey values for the viewer, PNG for the eye, and the heatmap as a layer over them.

Frames are decoded in the child that may die; resized copies are kept in memory, never on disk.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from dicom_node.content_store import ContentStore
from scoring.errors import ResultError
from scoring.image import scoring_image
from scoring.inference import read_header
from scoring.pixel_decoding import DecodingLimits, PixelDecoder
from scoring.stored_array import read_array
from scoring.study import read_image_reference
from sr_templates.colour_map import heat_colours, heat_opacity

LARGEST_SIDE: Final = 8192
_KEPT_BYTES: Final = 192 << 20
_LARGEST_VALUES: Final = 80_000_000  # a film of 8,900 x 8,900: beyond it the page says so instead of filling memory


@dataclass(frozen=True)
class Frame:
    """One image as 16-bit values, 0 to 65535, bone bright: (rows, columns, samples), little endian, row by row."""

    values: npt.NDArray[np.uint16]
    source_rows: int
    source_columns: int

    @property
    def content(self) -> bytes:
        """The values as bytes."""
        return self.values.astype("<u2", copy=False).tobytes()


class ImagePixels:
    """Frames of stored instances by the SHA-256 of their data set, at most so large; a few are kept."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store
        self._decoder = PixelDecoder(DecodingLimits(pixel_values=_LARGEST_VALUES))
        self._kept: OrderedDict[tuple[str, int], Frame] = OrderedDict()
        self._lock = Lock()

    def frame(self, sha256: str, side: int) -> Frame:
        """The image with its longer side at most ``side`` pixels.

        Raises ImageUnreadableError or ImageTooLargeError when it cannot be shown.
        """
        return self._remember((sha256, side), lambda: self._resized(sha256, side))

    def png(self, sha256: str, side: int) -> bytes:
        """The same as an 8-bit PNG."""
        return _png(Image.fromarray(np.squeeze(self.frame(sha256, side).values >> 8).astype(np.uint8)))

    def overlay(self, array_sha256: str) -> bytes:
        """A stored heatmap as PNG on its own grid: the hotter, the brighter and the more opaque; cold is clear."""
        return _png(Image.fromarray(coloured(read_array(self._store.read(array_sha256)))))

    def close(self) -> None:
        """End the decoding child."""
        self._decoder.close()

    def _resized(self, sha256: str, side: int) -> Frame:
        if side < LARGEST_SIDE:
            large = self.frame(sha256, LARGEST_SIDE)
            return replace(large, values=_shrink(large.values, side))
        path = self._store.instance_path(sha256)
        header = read_header(path)
        image = scoring_image(header, self._decoder.first_frame(path, header), read_image_reference(header, sha256, ""))
        values = np.rint(image.pixels * 65535).astype(np.uint16)
        rows, columns = values.shape[:2]
        return Frame(_shrink(values if values.ndim == 3 else values[..., None], side), rows, columns)

    def _remember(self, key: tuple[str, int], make: Callable[[], Frame]) -> Frame:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(f.values.nbytes for f in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return made


def coloured(grid: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """RGBA of a heatmap, in the colours of the picture that is sent to the PACS."""
    if grid.ndim != 2:
        raise ResultError(f"A stored heatmap has {grid.ndim} dimensions; wanted 2. Score the study again.")
    return np.concatenate([heat_colours(), heat_opacity()[:, None]], axis=1)[grid]


def _shrink(values: npt.NDArray[np.uint16], side: int) -> npt.NDArray[np.uint16]:
    rows, columns, samples = values.shape
    if max(rows, columns) <= side:
        return values
    factor = side / max(rows, columns)
    size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    planes = [
        Image.fromarray(values[..., n].astype(np.float32)).resize(size, Image.Resampling.BOX) for n in range(samples)
    ]
    resized: npt.NDArray[np.float32] = np.stack([np.asarray(p, np.float32) for p in planes], axis=-1)
    return np.rint(resized).astype(np.uint16)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
