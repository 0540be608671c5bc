"""JPEG and PNG pictures to DICOM without recompression: one call, one study.

A baseline JPEG's coded bytes are encapsulated as they are, without its application segments (EXIF, position,
thumbnails) and without what stands behind its end (a phone's short film). One that EXIF says must be turned, a
progressive one, and every PNG, is decoded and stored upright without loss. So is a radiograph that was saved as a
colour JPEG without any colour: its luminance is the film. ``hand`` makes a Secondary Capture of a radiograph
(Modality RG), ``skin`` a VL Photographic Image (XC), ``nailfold`` a Dermoscopic one (DMS).

All pictures of a call become files, or none does: half a visit in an archive would be read as a whole one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dicom_node.errors import WrapError
from dicom_node.photographs.given_files import check_long_strings, content_of, file_stem, shown_name
from dicom_node.photographs.photo_dataset import PhotoVisit, photo_dataset, photo_uid
from dicom_node.photographs.photo_kind import KINDS, NAILFOLD_PHOTOGRAPH
from dicom_node.photographs.picture_file import PictureFile, open_picture, taken_at
from dicom_node.photographs.pictured_finger import PicturedFinger, doubts
from scoring.capillaroscopy.picture_quality import judge_picture
from scoring.errors import ImageUnreadableError


def wrap_photos(
    photos: Sequence[Path],
    kind: str,
    patient_id: str,
    out: Path,
    *,
    side: str = "",
    trial: str = "",
    patient_name: str = "",
    fingers: Mapping[str, PicturedFinger] | None = None,
    photographic: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Path]:
    """Wrap pictures into one study; the files in order, all or none. The same pictures and ids give the same UIDs.

    Args:
        fingers: for ``nailfold``, by the name of the file; a file that is not named there is nobody's finger.
        photographic: a nailfold as VL Photographic Image, for archives that do not know Dermoscopic Photography.
        tell: called with what a person should look at; the picture is wrapped nevertheless.

    Raises WrapError for what is not allowed, or a picture that is there twice, ImageUnreadableError for a broken one.
    """
    if kind not in KINDS:
        raise WrapError(f"kind: got {kind!r}, allowed: {', '.join(KINDS)}.")
    if side not in ("", "L", "R", "B"):
        raise WrapError(f"side: got {side!r}, allowed: L, R, B or nothing.")
    if kind != "nailfold" and (fingers or photographic):
        raise WrapError(f"fingers and the form of the image are told of kind nailfold only; got kind {kind!r}.")
    check_long_strings("patient-id", patient_id)
    check_long_strings("patient-name", patient_name)
    check_long_strings("trial", *_trial(trial))
    digests = [hashlib.sha256(content_of(photo)).hexdigest() for photo in photos]
    visit = PhotoVisit(
        kind=NAILFOLD_PHOTOGRAPH if photographic else KINDS[kind],
        patient_id=patient_id,
        patient_name=patient_name,
        side=side,
        trial=_trial(trial),
        study_uid=photo_uid("study", patient_id, trial, *digests),
        taken=min((taken_at(photo) for photo in photos), default=datetime.now(UTC)),
    )
    places = [(fingers or {}).get(photo.name, PicturedFinger()) for photo in photos]
    for doubt in doubts(places) if kind == "nailfold" else ():
        tell(doubt)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".wrapping-", dir=out) as unfinished:
        written = _written(photos, visit, places, digests, Path(unfinished), tell)
        for path in written:
            path.rename(out / path.name)
    yield from (out / path.name for path in written)


def _written(
    photos: Sequence[Path],
    visit: PhotoVisit,
    places: Sequence[PicturedFinger],
    digests: Sequence[str],
    folder: Path,
    tell: Callable[[str], None],
) -> list[Path]:
    """Every picture as a file of ``folder``; all that cannot be one are named in one error."""
    paths: list[Path] = []
    faults: list[WrapError | ImageUnreadableError] = []
    seen: dict[str, int] = {}
    doubted: dict[str, list[str]] = {}
    for number, photo in enumerate(photos):

        def note(said: str, name: str = shown_name(photo)) -> None:
            doubted.setdefault(said, []).append(name)

        try:
            picture = open_picture(photo, deep=visit.kind.radiograph)
            if visit.kind.nailfold:
                _refuse_twice(seen.setdefault(picture.digest, number), number, photos, places)
            dataset = photo_dataset(picture, visit, places[number], digests[number], number + 1, note)
        except (WrapError, ImageUnreadableError) as fault:
            faults.append(fault)
            continue
        if visit.kind.nailfold and (advice := _advice(picture, places[number].um_per_px)):
            note(advice)
        if not faults:
            paths.append(folder / f"{number + 1:03d}_{file_stem(photo)}.dcm")
            dataset.save_as(paths[-1], enforce_file_format=True)
    for said, names in doubted.items():
        tell(f"{_whose(names, len(photos))}: {said}")
    if faults:
        raise _all_faults(faults, len(photos))
    return paths


def _all_faults(faults: Sequence[WrapError | ImageUnreadableError], pictures: int) -> WrapError | ImageUnreadableError:
    """One error that says all; of a single picture its own."""
    if pictures == 1:
        return faults[0]
    said = " ".join(str(fault) for fault in faults)
    return type(faults[0])(f"{said} Nothing was written: {len(faults)} of {pictures} pictures cannot be wrapped.")


def _whose(names: Sequence[str], pictures: int) -> str:
    return f"all {pictures} pictures" if 3 < pictures == len(names) else ", ".join(names)


def _advice(picture: PictureFile, um_per_px: float | None) -> str:
    """What is wrong with light and focus, as the upload page would say it."""
    return judge_picture(np.asarray(picture.image.convert("RGB")), um_per_px).advice


def _refuse_twice(first: int, number: int, photos: Sequence[Path], places: Sequence[PicturedFinger]) -> None:
    if first != number:
        raise WrapError(
            f"{shown_name(photos[first])} ({places[first]}) and {shown_name(photos[number])} ({places[number]}) are "
            "the same picture; leave one out, or give the picture of the other finger."
        )


def _trial(said: str) -> tuple[str, ...]:
    parts = tuple(said.split("/")) if said else ()
    if parts and (not 3 <= len(parts) <= 4 or not all(parts)):
        raise WrapError(f"trial: got {said!r}, allowed: PROTOCOL/SITE/SUBJECT or PROTOCOL/SITE/SUBJECT/TIMEPOINT.")
    return parts
