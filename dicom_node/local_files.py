"""DICOM files on this machine as a study would arrive: for the verbs that need no server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ImplicitVRLittleEndian

from scoring.errors import ImageUnreadableError
from scoring.study import HEADER_TAGS, ImageReference, Study, read_image_reference, read_trial_context

_PREAMBLE_BYTES: Final = 132
_META_GROUP_LENGTH_BYTES: Final = 12


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


def dataset_digest(path: Path) -> str:
    """SHA-256 of a Part 10 file's data set, without preamble and meta header: what a C-STORE of it would carry."""
    content = path.read_bytes()
    start = 0
    if content[128:132] == b"DICM" and content[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"\x02\x00\x00\x00":
        length = int.from_bytes(content[_PREAMBLE_BYTES + 8 : _PREAMBLE_BYTES + 12], "little")
        start = _PREAMBLE_BYTES + _META_GROUP_LENGTH_BYTES + length
    return hashlib.sha256(content[start:]).hexdigest()


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
