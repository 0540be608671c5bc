"""Files as modalities send them: any attribute may be given as the bytes that are on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

from scoring.inference import read_header


def received(path: Path, header: Dataset, wire: Mapping[str, bytes]) -> Dataset:
    """The header written as a file, with the attributes of ``wire`` as these very bytes, and read as the node does."""
    raw = {Tag(tag_for_keyword(k) or 0): (dictionary_VR(k), v + b" " * (len(v) % 2)) for k, v in wire.items()}
    body = {tag: encoded(header, tag) for tag in header.keys() - raw.keys()}
    for tag, (vr, value) in raw.items():
        head = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little") + vr.encode()
        length = b"\0\0" + len(value).to_bytes(4, "little") if vr in ("UT", "UC", "UN", "SQ") else b""
        body[tag] = head + (length or len(value).to_bytes(2, "little")) + value
    path.write_bytes(part10_head(header) + b"".join(body[tag] for tag in sorted(body)))
    return read_header(path)


def encoded(header: Dataset, tag: int) -> bytes:
    """One element in Explicit VR Little Endian, text in ISO 8859-1."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, header[tag], "ISO_IR 100")
    return buffer.getvalue()


def part10_head(header: Dataset) -> bytes:
    """Preamble and File Meta Information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, "1.2.3.4"
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta)
    return b"\0" * 128 + b"DICM" + buffer.getvalue()
