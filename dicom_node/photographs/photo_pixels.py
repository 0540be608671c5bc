"""The pixels of a picture in a dataset: a baseline JPEG as it is coded, everything else decoded and upright.

What is in colour is then coded as JPEG Lossless, first-order prediction: half the size of plain bytes, and the lossless
coding that every archive and viewer reads (JPEG 2000 would need a quarter, and six times as long to decode).
"""

from __future__ import annotations

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLosslessSV1

from dicom_node.photographs.jpeg_segments import CodedJpeg
from dicom_node.photographs.picture_file import PictureFile


def set_pixels(dataset: FileDataset, picture: PictureFile, *, grey: bool) -> None:
    """Store the picture; ``grey``: its luminance only. One that EXIF says must be turned is stored turned."""
    coded = picture.coded
    recoloured = grey and picture.image.mode != "L"
    if coded is not None and coded.baseline and picture.orientation == 1 and not recoloured:
        _set_jpeg(dataset, picture.image, coded)
    else:
        _set_decoded(dataset, picture, grey=grey)


def _set_jpeg(dataset: FileDataset, image: Image.Image, coded: CodedJpeg) -> None:
    samples = 1 if coded.photometric == "MONOCHROME2" else 3
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PhotometricInterpretation = coded.photometric
    _set_grid(dataset, image.height, image.width, samples, 8)
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    dataset.LossyImageCompressionRatio = f"{image.width * image.height * samples / len(coded.content):.2f}"
    dataset.PixelData = encapsulate([coded.content])
    dataset["PixelData"].VR = "OB"


def _set_decoded(dataset: FileDataset, picture: PictureFile, *, grey: bool) -> None:
    upright = ImageOps.exif_transpose(picture.image)
    deep = upright.mode in ("I;16", "I;16B", "I")
    one_sample = grey or deep or upright.mode in ("1", "L", "LA")
    values = np.asarray(upright, np.uint16) if deep else _eight_bits(upright, grey=one_sample)
    dataset.PhotometricInterpretation = "MONOCHROME2" if one_sample else "RGB"
    _set_grid(dataset, values.shape[0], values.shape[1], 1 if one_sample else 3, 16 if deep else 8)
    dataset.LossyImageCompression = "00"
    if picture.lossy:
        dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
        dataset.LossyImageCompressionRatio = f"{values.nbytes / len(picture.content):.2f}"
    if one_sample:
        _set_plain(dataset, values, deep=deep)
    else:
        _set_lossless(dataset, np.asarray(values, np.uint8))


def _set_plain(dataset: FileDataset, values: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, deep: bool) -> None:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stored = values.astype("<u2" if deep else np.uint8).tobytes()
    dataset.PixelData = stored + b"\0" * (len(stored) % 2)
    dataset["PixelData"].VR = "OW" if deep else "OB"


def _set_lossless(dataset: FileDataset, values: npt.NDArray[np.uint8]) -> None:
    """Process 14, selection value 1 (PS3.5 8.2.1), red, green and blue as they are."""
    coded = imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, colorspace="rgb", outcolorspace="rgb")
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.PixelData = encapsulate([bytes(coded)])
    dataset["PixelData"].VR = "OB"


def _eight_bits(image: Image.Image, *, grey: bool) -> npt.NDArray[np.uint8]:
    """Red, green and blue, or one sample: of a colour picture the luminance that its JPEG coding has."""
    if not grey:
        return np.asarray(image.convert("RGB"))
    in_colour = image.mode in ("RGB", "RGBA", "P")
    return np.asarray(image.convert("YCbCr").getchannel(0) if in_colour else image.convert("L"))


def _set_grid(dataset: Dataset, rows: int, columns: int, samples: int, bits: int) -> None:
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, samples
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits, bits - 1, 0
    if samples == 3:
        dataset.PlanarConfiguration = 0
