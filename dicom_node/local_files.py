"""DICOM files on this machine as a study would arrive: for the verbs that need no server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ImplicitVRLittleEndian

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.part10_head import read_part10_head
from scoring.errors import ImageUnreadableError
from scoring.study import HEADER_TAGS, ImageReference, Study, read_image_reference, read_trial_context


@dataclass(frozen=True)
class LocalFile:
    """One file: its reference, or the reason why it is not an instance."""

    path: Path
    reference: ImageReference | None
    fault: str = ""


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and all files below the folders named, sorted."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        else:
            yield path


def read_local_file(path: Path) -> LocalFile:
    """Read one file's header; a file that is not DICOM comes back with the fault, never raised."""
    try:
        header = read_routing_header(path)
    except ImageUnreadableError as error:
        return LocalFile(path, None, str(error))
    transfer_syntax = str(header.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian))
    reference = read_image_reference(header, dataset_digest(path), transfer_syntax)
    if not reference.sop_instance_uid or not reference.study_instance_uid:
        return LocalFile(path, None, "The file has no Study or SOP Instance UID; it is not an instance.")
    return LocalFile(path, reference)


def read_routing_header(path: Path) -> Dataset:
    """What routing reads of a Part 10 file. ImageUnreadableError when it is not DICOM."""
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=list(HEADER_TAGS))
        len(header)
    except InvalidDicomError:
        raise ImageUnreadableError(
            "The file is not DICOM (no DICM prefix); wrap pictures with `rheumascore wrap`."
        ) from None
    except Exception as error:  # pydicom raises many kinds on broken files; all of them mean that it cannot be read
        raise ImageUnreadableError(f"The file cannot be read as DICOM ({type(error).__name__}).") from None
    return header


def bytes_before_pixels(path: Path) -> bytes:
    """A Part 10 file up to its pixels, byte for byte: a file that has the same header and no image."""
    with path.open("rb") as file:
        dcmread(file, stop_before_pixels=True, force=True)
        end = file.tell()
        file.seek(0)
        return file.read(end)


def dataset_digest(path: Path) -> str:
    """SHA-256 of a file's data set, without preamble and meta header: what a C-STORE of it would carry."""
    with path.open("rb") as file:
        try:
            start = read_part10_head(file).data_set_offset
        except InstanceRefusedError:
            start = 0
        file.seek(start)
        return hashlib.file_digest(file, "sha256").hexdigest()


def studies_of(files: Sequence[LocalFile]) -> tuple[Study, ...]:
    """Group instances into studies, as study assembly would."""
    grouped: dict[str, dict[str, LocalFile]] = {}
    for file in files:
        if file.reference is not None:
            study = grouped.setdefault(file.reference.study_instance_uid, {})
            study[file.reference.sop_instance_uid] = file
    return tuple(
        Study(
            study_instance_uid=uid,
            images=tuple(f.reference for f in members.values() if f.reference is not None),
            trial=read_trial_context(read_routing_header(next(iter(members.values())).path)),
        )
        for uid, members in grouped.items()
    )
