"""A picture as a phone would hand it over: JPEG, turned with a tag that says so, and full of what is personal."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import ExifTags, Image

from scoring.phantoms.lead_letters import lettering
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.phone_camera import Picture
from scoring.phantoms.seeded import stream

OWNER: Final = "PHANTOM OWNER"
"""Stands in every personal field, so that one search tells whether any of them is left."""
TAKEN: Final = "2026:01:05 09:00:00"
_QUALITY: Final = 92
_AS_HELD: Final = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""How the upright picture is turned into the one that carries the EXIF orientation."""


def phone_jpeg(phantom: NailfoldPhantom) -> bytes:
    """The stamped picture with EXIF; how the phone was held follows from the phantom's seed."""
    draw = stream(
        phantom.fold.patient.seed, f"nailfold phone {phantom.fold.side} {phantom.fold.finger} {phantom.number}"
    )
    orientation = int(draw.choice(list(_AS_HELD)))
    turn = _AS_HELD[orientation]
    upright = Image.fromarray(stamped(phantom.pixels))
    held = upright if turn is None else upright.transpose(turn)
    file = io.BytesIO()
    held.save(
        file,
        "JPEG",
        quality=_QUALITY,
        exif=_exif(orientation, draw),
        comment=f"Taken by {OWNER}",
        xmp=f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><creator>{OWNER}</creator></x:xmpmeta>'.encode(),
    )
    return file.getvalue()


def stamped(pixels: Picture) -> Picture:
    """The picture with "PHANTOM" burned into a corner, so that nobody takes it for a patient's."""
    text = lettering("PHANTOM", max(14, pixels.shape[1] // 36))[..., None]
    picture = pixels.copy()
    corner = picture[-text.shape[0] :, : text.shape[1]]
    corner[...] = corner + text * (255.0 - corner)
    return picture


def _exif(orientation: int, draw: np.random.Generator) -> Image.Exif:
    exif = Image.Exif()
    tags = ExifTags.Base
    exif[tags.Make], exif[tags.Model] = "Phantom", "Phone 1"
    exif[tags.Orientation] = orientation
    exif[tags.DateTime] = TAKEN
    exif[tags.Artist] = exif[tags.Copyright] = exif[tags.HostComputer] = OWNER
    exif[tags.ImageDescription] = f"Nailfold of {OWNER}, synthetic phantom"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {tags.DateTimeOriginal: TAKEN, tags.CameraOwnerName: OWNER, tags.BodySerialNumber: f"{OWNER} 0815"}
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (48.0, 12.0, float(draw.uniform(0, 59))),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (16.0, 22.0, float(draw.uniform(0, 59))),
            ExifTags.GPS.GPSAreaInformation: OWNER.encode(),
        }
    )
    return exif
