"""What the content store brings to disk, and in which order, by the system calls that it makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dicom_node.content_store import ContentStore
from tests.dicom_node.disk_steps import Steps, watched_steps

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return watched_steps(monkeypatch)


def test_file_folder_and_new_folders_are_synced_before_the_name_is_told(tmp_path: Path, steps: Steps) -> None:
    """The order of system calls: the folders at start, the content before the rename, its folder after it."""
    store = ContentStore(tmp_path / "data")
    path = store.path(store.put(b"x"))
    renamed = steps.index(("rename", str(path)))
    assert any(kind == "fsync" and name.endswith(".part") for kind, name in steps[:renamed])
    assert ("fsync", str(path.parent)) in steps[renamed:]
    fan_out, data_dir, around = (str(path.parents[n]) for n in (1, 2, 3))
    assert {("fsync", fan_out), ("fsync", data_dir), ("fsync", around)} <= set(steps[:renamed])
    assert ("fsync", str(tmp_path / "data" / "instances")) in steps[:renamed]


def test_what_lies_there_already_has_its_name_on_disk_before_it_is_told(tmp_path: Path, steps: Steps) -> None:
    """Given a content whose writer may have died between the rename and the folder's fsync; when the same is kept
    again, as content or as instance; then its folder is synced all the same."""
    store = ContentStore(tmp_path)
    folder = store.path(store.put(b"x")).parent
    steps.clear()
    store.put(b"x")
    assert steps == [("fsync", str(folder))]
    for _ in range(2):
        steps.clear()
        instance = store.open_instance(b"head")
        instance.write(b"x")
        folder = store.instance_path(instance.finish()).parent
    assert ("fsync", str(folder)) in steps
    assert not [step for step in steps if step[0] == "rename"]


def test_names_of_a_folder_are_on_disk_once_it_was_synced(tmp_path: Path, steps: Steps) -> None:
    store = ContentStore(tmp_path)
    steps.clear()
    store.sync_instances_in("ab")
    assert steps == [("fsync", str(tmp_path / "instances" / "ab"))]


@pytest.mark.parametrize("touched", [False, True])
def test_a_removal_and_its_undoing_are_on_disk(tmp_path: Path, steps: Steps, touched: bool) -> None:
    """Given a content that is to be removed; when nobody touched it, or when somebody did; then the folder is synced
    after the file went, or after it got its name back."""
    store = ContentStore(tmp_path)
    path = store.path(store.put(b"x"))
    steps.clear()
    assert store.remove(path, 0.0 if touched else 1e12) is not touched
    assert path.exists() is touched
    last = (
        ("rename", str(path)) if touched else ("unlink", str(tmp_path / "incoming" / f"content.{path.name}.removing"))
    )
    assert steps[-2:] == [last, ("fsync", str(path.parent))]


def test_a_name_that_is_given_back_is_on_disk(tmp_path: Path, steps: Steps) -> None:
    store = ContentStore(tmp_path)
    path = store.path(store.put(b"x"))
    aside = tmp_path / "incoming" / f"content.{path.name}.removing"
    path.rename(aside)
    steps.clear()
    store.put_back_cut_removals()
    assert steps == [("fsync", str(path.parent)), ("unlink", str(aside))]
    assert path.read_bytes() == b"x"
