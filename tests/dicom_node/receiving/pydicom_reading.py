"""pydicom as the judge of a data set: can it be read to the last byte?"""

from __future__ import annotations

import warnings
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian


def pydicom_reads_whole(data: bytes, transfer_syntax: str) -> bool:
    """pydicom comes to the last byte and into every sequence."""
    buffer = BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = read_dataset(buffer, transfer_syntax == ImplicitVRLittleEndian, transfer_syntax != ExplicitVRBigEndian)
            into_sequences(ds)
    except Exception:  # whatever it raises, it cannot read it
        return False
    return buffer.tell() == len(data)


def into_sequences(ds: Dataset) -> None:
    for tag in ds.keys():  # noqa: SIM118  # iterating a Dataset converts every value; only sequences are asked for
        raw = ds.get_item(tag)
        if raw is not None and raw.VR == "SQ":
            for item in ds[tag].value:
                into_sequences(item)
