"""Bytes by their digest: whole or not at all, private, and never named by anybody."""

from __future__ import annotations

import hashlib
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dicom_node.content_store import ContentStore
from dicom_node.errors import DataFolderError, InstanceLostError


def test_what_is_put_is_read_under_its_digest(tmp_path: Path) -> None:
    store = ContentStore(tmp_path / "data")
    digest = store.put(b"a heatmap")
    assert digest == hashlib.sha256(b"a heatmap").hexdigest()
    assert store.put(b"a heatmap") == digest
    assert ContentStore(tmp_path / "data").read(digest) == b"a heatmap"
    assert len([p for p in (tmp_path / "data").rglob("*") if p.is_file()]) == 1


def test_an_instance_is_named_by_its_data_set_alone(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    for head in (b"HEAD", b"OTHER"):
        writer = store.open_instance(head)
        writer.write(b"data ")
        writer.write(memoryview(b"set"))
        sha256 = writer.finish()
    assert sha256 == hashlib.sha256(b"data set").hexdigest()
    assert store.instance_path(sha256).read_bytes() == b"HEADdata set", "the first file stays"


def test_nothing_is_visible_before_finish_and_nothing_left_after_abort(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    writer = store.open_instance(b"HEAD")
    writer.write(b"x" * 1000)
    assert not list(tmp_path.rglob("*.dcm"))
    writer.abort()
    writer.abort()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_files_and_folders_are_private(tmp_path: Path) -> None:
    store = ContentStore(tmp_path / "data")
    path = store.path(store.put(b"x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "data").rglob("*") if p.is_dir()} == {0o700}


def test_a_second_store_leaves_a_living_writer_alone_and_removes_a_dead_ones_file(tmp_path: Path) -> None:
    living = ContentStore(tmp_path).open_instance(b"HEAD")
    program = "import sys, time; from pathlib import Path; from dicom_node.content_store import ContentStore\n"
    program += "w = ContentStore(Path(sys.argv[1])).open_instance(b'DEAD'); print('open', flush=True); time.sleep(600)"
    dead = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert dead.stdout is not None and dead.stdout.readline() == b"open\n"
    assert len(list((tmp_path / "incoming").iterdir())) == 2
    dead.kill()
    dead.wait()
    dead.stdout.close()
    store = ContentStore(tmp_path)
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    living.write(b"whole")
    assert store.instance_path(living.finish()).read_bytes() == b"HEADwhole"


def removal_that_is_killed(data_dir: Path, digest: str) -> None:
    """SIGKILL between setting the content aside and unlinking it."""
    program = "import os, signal, sys; from pathlib import Path; from dicom_node.content_store import ContentStore\n"
    program += (
        "store = ContentStore(Path(sys.argv[1])); Path.unlink = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    program += "store.remove(store.path(sys.argv[2]), 1e12)"
    done = subprocess.run([sys.executable, "-c", program, str(data_dir), digest], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("came_again", [False, True])
def test_a_removal_that_was_killed_is_undone_and_leaves_nothing(tmp_path: Path, came_again: bool) -> None:
    """Given a content of which a killed remover took the name; when a store is opened, whether the content came again
    meanwhile or not; then it has its name, once, and a removal that is not killed takes it away."""
    store = ContentStore(tmp_path)
    digest = store.put(b"needed by now")
    removal_that_is_killed(tmp_path, digest)
    assert not store.path(digest).exists()
    if came_again:
        store.put(b"needed by now")
    assert ContentStore(tmp_path).read(digest) == b"needed by now"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(digest)]
    assert store.remove(store.path(digest), 1e12)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_removal_under_way_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a remover that lives; when another store is opened; then it does not give the name back."""
    store = ContentStore(tmp_path)
    path, unlink = store.path(store.put(b"x")), Path.unlink

    def open_another_first(old: Path) -> None:
        monkeypatch.undo()
        ContentStore(tmp_path)
        unlink(old)

    monkeypatch.setattr(Path, "unlink", open_another_first)
    assert store.remove(path, 1e12)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_same_content_from_many_threads_is_one_file(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(store.put(b"same" * 1000))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 16 and len(set(digests)) == 1
    assert store.read(digests[0]) == b"same" * 1000
    assert not list((tmp_path / "incoming").iterdir())


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "/" * 64])
def test_only_a_digest_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InstanceLostError):
        ContentStore(tmp_path).read(name)


def test_content_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InstanceLostError, match="restore it from a backup"):
        ContentStore(tmp_path).read("0" * 64)


def test_a_folder_that_cannot_be_used_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the way")
    with pytest.raises(DataFolderError, match="data_dir"):
        ContentStore(tmp_path / "data")
