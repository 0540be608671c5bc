"""The child that opens strangers' pictures: it may die and is started anew, and it rests when nobody needs it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PIL import Image

from core_lab.errors import UploadRefusedError
from core_lab.upload.picture_reader import PictureReader
from dicom_node.settings import ScoringSection
from tests.core_lab.upload.test_picture_tray import Clock
from tests.dicom_node.photographs.phone_pictures import phone_picture, upright_jpeg

WITHOUT_NETWORKS = ScoringSection(systems=("hand_joints",))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def reader(clock: Clock) -> Iterator[PictureReader]:
    reader = PictureReader(WITHOUT_NETWORKS, clock)
    yield reader
    reader.close()


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [child for child in found if "core_lab.upload.picture_reader_child" in child.cmdline()]


def test_a_picture_is_seen_upright_and_one_without_colour_is_not_taken(reader: PictureReader, tmp_path: Path) -> None:
    # given a picture that the phone turned by a tag, and a grey one
    photo, grey = phone_picture(tmp_path / "a.jpg", 6), tmp_path / "grey.jpg"
    Image.new("RGB", (320, 240), "grey").save(grey)
    # when they are looked at
    look = reader.look(photo, None, tmp_path / "a.preview")
    # then the one is seen as it was held, and the other says what it is
    with Image.open(photo) as stored, Image.open(tmp_path / "a.preview") as preview:
        assert (look.columns, look.rows) == stored.size[::-1] == preview.size
    with pytest.raises(UploadRefusedError, match="no colour"):
        reader.look(grey, None, tmp_path / "grey.preview")


def test_a_child_that_died_is_started_anew(reader: PictureReader, tmp_path: Path) -> None:
    photo = upright_jpeg(tmp_path / "a.jpg")
    assert reader.look(photo, None, tmp_path / "a.preview").fit
    children()[0].kill()
    assert reader.look(photo, 4.0, tmp_path / "a.preview").columns == 320
    assert len(children()) == 1


def test_a_child_that_is_being_started_is_waited_for_and_not_started_twice(tmp_path: Path) -> None:
    # given a reader that was told of somebody who is about to choose pictures
    before, reader = children(), PictureReader(WITHOUT_NETWORKS)
    reader.start()
    (starting,) = [child for child in children() if child not in before]
    # when two pictures come at once before it is ready, and somebody else opens the page
    photos = [upright_jpeg(tmp_path / f"{n}.jpg") for n in range(2)]
    with ThreadPoolExecutor(2) as pages:
        looks = [pages.submit(reader.look, photo, None, photo.with_suffix(".preview")) for photo in photos]
        reader.start()
        # then both are answered by the very child that was being started
        assert all(look.result().fit for look in looks)
    assert [child for child in children() if child not in before] == [starting]
    reader.close()


def test_an_idle_child_rests_and_comes_back(reader: PictureReader, clock: Clock, tmp_path: Path) -> None:
    reader.start()
    used_at = clock.now
    clock.now = used_at + 500
    reader.rest()
    assert len(children()) == 1
    clock.now = used_at + 601
    reader.rest()
    assert children() == []
    assert reader.look(upright_jpeg(tmp_path / "a.jpg"), None, tmp_path / "a.preview").fit
    # when somebody looks at the page again, then it does not rest just before a picture is chosen
    clock.now += 599
    reader.start()
    clock.now += 2
    reader.rest()
    assert len(children()) == 1


def test_a_picture_that_is_gone_is_said(reader: PictureReader, tmp_path: Path) -> None:
    with pytest.raises(UploadRefusedError, match="no longer there"):
        reader.look(tmp_path / "nothing.jpg", None, tmp_path / "a.preview")
