"""What the demonstration sends: real films, drawn hands and nailfolds, what must become of each, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import dcmread

from dicom_node.photographs.pictured_finger import PicturedFinger
from dicom_node.photographs.wrapping import wrap_photos
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.phone_file import phone_jpeg
from scoring.phantoms.nailfold.truth import subject_of
from scoring.phantoms.nailfold.write_nailfolds import FINGERS_PICTURED
from scoring.phantoms.write_phantoms import write_hand_pair
from scoring.score_rules.sharp_van_der_heijde import SIDES

_PICTURES: Final = Path(__file__).parent / "demo_studies"
_HAND_SEED: Final = 2026
_NAILFOLD_SEED: Final = 2037
"""A patient with giant capillaries on most fingers."""
_NAILFOLD_COLUMNS: Final = 640
_TAKEN_AGAIN: Final = ("R", "RING")
"""The finger whose first picture is too blurry."""


@dataclass(frozen=True)
class DemoStudy:
    """One study of the demonstration: its files, what must become of it, and the truth where it is known."""

    who: str
    files: tuple[Path, ...]
    expected: str
    truth: str = ""

    @property
    def study_instance_uid(self) -> str:
        """Read from its first file."""
        return str(dcmread(self.files[0], stop_before_pixels=True).StudyInstanceUID)


def make_demo_studies(folder: Path) -> tuple[DemoStudy, ...]:
    """Write them all under ``folder``, in the order in which they are sent."""
    wrapped = [
        ("RSNA-11461", "rsna_hand_11461.png", "delivered", "a child's hand without arthritis: 0 expected"),
        ("FRACATLAS-3310", "fracatlas_hand_3310.jpg", "delivered", "an adult's hand, filmed upside down"),
        ("FRACATLAS-3309", "fracatlas_knee_3309.jpg", "not_evaluable", "a knee, sent as a hand"),
    ]
    studies = [
        DemoStudy(who, tuple(wrap_photos([_PICTURES / name], "hand", who, folder / who)), expected, truth)
        for who, name, expected, truth in wrapped
    ]
    return (*studies, _drawn_hands(folder), _drawn_nailfolds(folder), _refused_study(folder / "refused"))


def _drawn_hands(folder: Path) -> DemoStudy:
    pair = write_hand_pair(folder / "hands", _HAND_SEED, severity=0.35)
    return DemoStudy(f"PHANTOM-{_HAND_SEED}", pair.files, "delivered", f"drawn with a total of {pair.total}")


def _drawn_nailfolds(folder: Path) -> DemoStudy:
    """A visit as a trial site hands it in: a phone's pictures, wrapped with the finger and the scale of each."""
    photos = folder / "phone"
    photos.mkdir(parents=True)
    visit = _nailfold_visit()
    fingers = {}
    for phantom in visit:
        fold = phantom.fold
        path = photos / f"{fold.side}-{fold.finger.lower()}-{phantom.number}.jpg"
        path.write_bytes(phone_jpeg(phantom))
        fingers[path.name] = PicturedFinger(fold.side, fold.finger, phantom.view.um_per_px)
    who = subject_of(visit[0])
    files = wrap_photos([photos / name for name in fingers], "nailfold", who, folder / who, fingers=fingers)
    giant = sum(phantom.labels["giant"] or False for phantom in visit)
    truth = f"{len(visit)} nailfolds, drawn with giant capillaries on {giant}; one too blurry, taken again"
    return DemoStudy(who, tuple(files), "delivered", truth)


def _nailfold_visit() -> list[NailfoldPhantom]:
    """A sharp picture of each finger but the thumbs, and before one of them a blurry one."""
    patient = draw_patient(_NAILFOLD_SEED)
    return [
        draw_nailfold(patient, side, finger, number, columns=_NAILFOLD_COLUMNS, too_blurry=again and number == 1)
        for side in SIDES
        for finger in FINGERS_PICTURED
        for again in ((side, finger) == _TAKEN_AGAIN,)
        for number in ((1, 2) if again else (1,))
    ]


def _refused_study(folder: Path) -> DemoStudy:
    """The knee again, with a header that says so: no system accepts it."""
    [path] = wrap_photos([_PICTURES / "fracatlas_knee_3309.jpg"], "hand", "KNEE-1", folder)
    dataset = dcmread(path)
    dataset.BodyPartExamined = "KNEE"
    del dataset.AnatomicRegionSequence
    dataset.save_as(path)
    return DemoStudy("KNEE-1", (path,), "no_system", "a knee, sent as a knee")
