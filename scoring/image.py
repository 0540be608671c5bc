"""Pixels in one convention, on the source's own grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from scoring.errors import ImageUnreadableError
from scoring.study import ImageReference

Grey = npt.NDArray[np.float32]

_FINEST_MM: Final = 0.005
_FINEST_OF_PHOTOGRAPH_MM: Final = 0.0001
_COARSEST_MM: Final = 5.0
"""Spacings that can be meant. A phone of 50 megapixels behind a lens of 200 times has 0.00014 mm, no film has."""


@dataclass(frozen=True)
class ScoringImage:
    """One image ready to be scored.

    ``pixels``: float32, (rows, columns) for grey or (rows, columns, 3) for colour, 0..1; radiographs are shown with
    bone bright. The grid is the source's: a point (x, y) here is the point (x, y) of the stored frame; unless the
    frame was made smaller while it was decoded: ``scale`` says how many pixels are here for one of the stored frame.
    ``spacing_mm``: row and column spacing of the pixels here in mm, or None; ``spacing_of`` says at which plane it
    holds: ``imager`` is the detector (Imager Pixel Spacing), ``patient`` a calibrated Pixel Spacing.
    """

    reference: ImageReference
    pixels: Grey
    spacing_mm: tuple[float, float] | None
    spacing_of: Literal["imager", "patient", "unknown"]
    scale: float = 1.0


def scoring_image(header: Dataset, stored: npt.NDArray[np.generic], reference: ImageReference) -> ScoringImage:
    """Bring stored values into the convention: Modality LUT, VOI LUT or window, then MONOCHROME1 inverted.

    ``stored`` is the first frame as decoded (rows, columns[, 3]), in colour perhaps smaller than its header says.
    PS3.3 C.11.1, C.11.2, C.7.6.3.1.2; several windows: the first counts. Raises ImageUnreadableError when the frame
    has no usable values.
    """
    if stored.ndim == 3:
        highest = float(2 ** (8 * stored.dtype.itemsize) - 1) if stored.dtype.kind == "u" else 1.0
        pixels = np.clip(np.asarray(stored, np.float32) / highest, 0, 1)
        scale = stored.shape[1] / reference.columns if reference.columns else 1.0
        spacing, plane = _spacing(header, _FINEST_OF_PHOTOGRAPH_MM)
        return ScoringImage(reference, pixels, _scaled(spacing, scale), plane, scale)
    if stored.ndim != 2:
        raise ImageUnreadableError(f"A frame has {stored.ndim} dimensions; wanted 2 (grey) or 3 (colour).")
    values = _display_values(header, stored)
    low, high = _output_range(header, values)
    if not high > low:
        raise ImageUnreadableError("Every pixel of the image has the same value; there is nothing to see on it.")
    pixels = np.clip((values - low) / (high - low), 0.0, 1.0).astype(np.float32)
    if _is_inverted(header):
        pixels = (1.0 - pixels).astype(np.float32)
    return ScoringImage(reference, np.ascontiguousarray(pixels), *_spacing(header, _FINEST_MM))


def _display_values(header: Dataset, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    try:
        modality = apply_modality_lut(stored, header)
        return np.asarray(apply_voi_lut(modality, header, index=0), np.float64)
    except Exception:  # a broken LUT or window says nothing about the stored values: those are still an image
        return np.asarray(stored, np.float64)


def _output_range(header: Dataset, values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The range that a VOI transformation maps onto, else the range of the values without the padding value."""
    padding = header.get("PixelPaddingValue")
    kept = values
    if isinstance(padding, int) and "WindowCenter" not in header and "VOILUTSequence" not in header:
        unpadded = values[values != float(padding)]
        kept = unpadded if unpadded.size else values
    if not np.isfinite(kept).all():
        raise ImageUnreadableError("The image has values that are not finite numbers after its lookup tables.")
    return float(kept.min()), float(kept.max())


def _is_inverted(header: Dataset) -> bool:
    return (
        str(header.get("PhotometricInterpretation", "")).strip().upper() == "MONOCHROME1"
        or str(header.get("PresentationLUTShape", "")).strip().upper() == "INVERSE"
    )


def _scaled(spacing: tuple[float, float] | None, scale: float) -> tuple[float, float] | None:
    return None if spacing is None else (spacing[0] / scale, spacing[1] / scale)


def _spacing(
    header: Dataset, finest_mm: float
) -> tuple[tuple[float, float] | None, Literal["imager", "patient", "unknown"]]:
    kinds: tuple[tuple[str, Literal["imager", "patient"]], ...] = (
        ("PixelSpacing", "patient"),
        ("ImagerPixelSpacing", "imager"),
    )
    for keyword, plane in kinds:
        if keyword == "PixelSpacing" and "PixelSpacingCalibrationType" not in header and "ImagerPixelSpacing" in header:
            continue  # without a calibration it is the detector's spacing again (PS3.3 10.7.1.3)
        try:
            row, column = (float(v) for v in header.get(keyword) or ())
        except (TypeError, ValueError):
            continue
        if all(finest_mm < spacing < _COARSEST_MM for spacing in (row, column)):
            return (row, column), plane
    return None, "unknown"
