"""What was handed in and not sent: bounded, its owner's alone, without its name on disk, and gone in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from core_lab.errors import UploadRefusedError
from core_lab.upload.picture_look import PictureLook
from core_lab.upload.picture_tray import PictureTray, TrayPicture
from dicom_node.settings import LimitsSection, NodeSection, NodeSettings
from dicom_node.upload_settings import UploadSection


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> NodeSettings:
    section = UploadSection(on=True, pictures=2, picture_bytes=1 << 20, keep_minutes=10)
    return NodeSettings(NodeSection(data_dir=tmp_path), upload=section, limits=LimitsSection(free_disk_bytes=1))


@pytest.fixture
def tray(settings: NodeSettings, clock: Clock) -> PictureTray:
    return PictureTray(settings, clock)


def handed_in(tray: PictureTray, content: bytes, owner: str = "anna", name: str = "a.jpg") -> TrayPicture:
    arriving = tray.begin(owner, name)
    try:
        arriving.write(content)
        return arriving.finish()
    finally:
        arriving.abort()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd", "passwd"), ("C:\\Users\\Eva\\ring.jpg", "ring.jpg"), ("a\0\n\x1b[31m.jpg", "a[31m.jpg"),
     ("", "picture"), ("x" * 500, "x" * 80), ("..", "..")],
)  # fmt: skip
def test_a_name_is_shown_and_is_never_a_path(tray: PictureTray, name: str, shown: str) -> None:
    picture = handed_in(tray, b"one", name=name)
    assert picture.name == shown
    assert [p.name for p in tray.folder.iterdir()] == [picture.id] and picture.id.isalnum()
    assert picture.path.read_bytes() == b"one" and picture.path.stat().st_mode & 0o777 == 0o600


def test_a_picture_is_its_owners_alone(tray: PictureTray) -> None:
    picture = handed_in(tray, b"one")
    assert tray.picture("anna", picture.id) == picture
    assert tray.pictures("ben") == []
    with pytest.raises(UploadRefusedError, match="no longer here"):
        tray.picture("ben", picture.id)
    assert handed_in(tray, b"one", owner="ben").id != picture.id


def test_the_same_picture_is_named_and_not_kept_twice(tray: PictureTray) -> None:
    handed_in(tray, b"one", name="ring.jpg")
    with pytest.raises(UploadRefusedError, match=r"same picture as ring\.jpg"):
        handed_in(tray, b"one", name="middle.jpg")
    assert len(list(tray.folder.iterdir())) == 1


@pytest.mark.parametrize(("content", "words"), [(b"", "empty"), (bytes((1 << 20) + 1), "larger than 1 MB")])
def test_what_is_empty_or_too_large_leaves_nothing(tray: PictureTray, content: bytes, words: str) -> None:
    with pytest.raises(UploadRefusedError, match=words):
        handed_in(tray, content)
    assert list(tray.folder.iterdir()) == []


def test_more_than_a_visit_is_refused_until_one_is_removed(tray: PictureTray) -> None:
    first = handed_in(tray, b"one")
    handed_in(tray, b"two")
    with pytest.raises(UploadRefusedError, match="2 pictures already"):
        tray.begin("anna", "c.jpg")
    tray.remove(first)
    assert handed_in(tray, b"three").path.exists()


def test_a_full_disk_is_said(settings: NodeSettings, clock: Clock) -> None:
    tray = PictureTray(NodeSettings(settings.node, limits=LimitsSection(free_disk_bytes=1 << 60)), clock)
    with pytest.raises(UploadRefusedError, match="disk is full"):
        tray.begin("anna", "a.jpg")


def test_what_nobody_sends_goes_with_its_preview(tray: PictureTray, clock: Clock) -> None:
    old = handed_in(tray, b"one")
    tray.note(old, PictureLook(4, 3))
    old.preview.write_bytes(b"seen")
    clock.now = 300
    young = handed_in(tray, b"two")
    clock.now = 600
    tray.remove_old()
    assert tray.pictures("anna") == [young]
    assert list(tray.folder.iterdir()) == [young.path]


def test_a_start_removes_what_an_earlier_process_left_but_not_what_was_being_sent(settings: NodeSettings) -> None:
    folder = settings.node.data_dir / "uploads"
    for name in ("one.sending", "two.wrapping"):
        (folder / name).mkdir(parents=True)
        (folder / name / "001.dcm").write_bytes(b"x")
    (folder / "three").write_bytes(b"x")
    PictureTray(settings)
    assert [p.name for p in folder.iterdir()] == ["one.sending"]


def test_a_picture_that_is_removed_while_it_is_shown_is_no_longer_here(tray: PictureTray) -> None:
    picture = handed_in(tray, b"one")
    picture.preview.write_bytes(b"seen")
    assert tray.shown("anna", picture.id) == b"seen"
    # when: its files go before they are read
    picture.preview.unlink()
    with pytest.raises(UploadRefusedError, match="no longer here"):
        tray.shown("anna", picture.id)
