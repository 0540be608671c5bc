"""Bytes by their SHA-256: received instances, arrays of pictures, outgoing objects. Written whole or not at all.

    data_dir/incoming/*.part         being written; under lock while its writer lives
    data_dir/content/ab/abcd…        whole contents by the digest of all their bytes
    data_dir/instances/ab/abcd….dcm  Part 10 files by the digest of their data set as received, meta header apart
    data_dir/instances/ab/abcd….head what is left of one whose pixels were removed

A name is a digest: no sender can choose one. Order of steps: write, fsync the file, rename, fsync the folder. What has
its final name is whole and on disk. The 256 folders are made and synced at start: folders made on the way would cost
every new instance two more fsyncs (a third of its time), and ten million instances are still only 40,000 a folder.

Whoever needs a content that is there already touches it (its time of change): ``remove`` takes away nothing that was
touched lately, also when that happens in the same moment (content_removal.py). So content may be put before the ledger
names it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final, Self

from dicom_node.content_removal import put_back_cut_removals, remove_content
from dicom_node.crash_points import crash_at
from dicom_node.disk_sync import sync_folder
from dicom_node.errors import ContentNotWrittenError, DataFolderError, InstanceLostError

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
"""What contents and instances are spread over: the first two digits of their digests."""
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class ContentStore:
    """The store below one data_dir. Safe from several threads and processes."""

    def __init__(self, data_dir: Path) -> None:
        """Make the folders, and mend what killed writers and removers left.

        Raises DataFolderError when the folders cannot be used.
        """
        self._data_dir, self._incoming = data_dir, data_dir / "incoming"
        self._contents = data_dir / "content"
        self._instances = data_dir / "instances"
        try:
            for folder in (data_dir, self._incoming, self._contents, self._instances):
                folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            _make_fan_out(self._contents)
            _make_fan_out(self._instances)
            sync_folder(data_dir)
            with contextlib.suppress(OSError):  # not every user may open the folder that data_dir lies in
                sync_folder(data_dir.parent)
            _remove_leftovers(self._incoming)
            self.put_back_cut_removals()
            fd, probe = _create_part(self._incoming)
            os.close(fd)
            probe.unlink()
        except OSError as error:
            raise DataFolderError(
                f"data_dir {data_dir} cannot be used ({error.strerror}); name a folder in node.toml that this user may "
                "write, on a disk with room."
            ) from None

    def put(self, content: bytes) -> str:
        """Keep these bytes and return their SHA-256 (hex). Keeping them again changes nothing.

        Raises ContentNotWrittenError when there is no room.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if _touched(path):
            sync_folder(path.parent)
        else:
            with PartialFile(self._incoming) as part:
                part.write(content)
                part.settle(path)
        return digest

    def keep_head(self, sha256: str, head: bytes) -> None:
        """Keep the beginning of a Part 10 file, for when its pixels are removed. Raises ContentNotWrittenError."""
        with PartialFile(self._incoming) as part:
            part.write(head)
            part.settle(self.head_path(sha256))

    def remove(self, path: Path, untouched_since: float) -> bool:
        """Remove a content (``path`` as this store names it) that nobody touched since then; False when it stays."""
        return remove_content(self._incoming, path, untouched_since)

    def put_back_cut_removals(self) -> None:
        """What a killed ``remove`` had taken away has its name again."""
        put_back_cut_removals(self._data_dir, self._incoming)

    def read(self, sha256: str) -> bytes:
        """The bytes with this digest. Raises InstanceLostError when the store does not hold them."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise InstanceLostError(
                f"The content {sha256} is named in the ledger but is not in {self._contents}; restore it from a backup."
            ) from None

    def path(self, sha256: str) -> Path:
        """Where the content with this digest lies, or would lie."""
        return _fan_out(self._contents, sha256)

    def instance_path(self, sha256: str) -> Path:
        """Where the Part 10 file lies, or would lie, whose data set has this digest."""
        return _fan_out(self._instances, sha256).with_suffix(".dcm")

    def old_instances_in(self, folder: str, before: float) -> set[str]:
        """Digests of the instances in one of ``FOLDERS`` that were last touched before this time (UTC seconds)."""
        with os.scandir(self._instances / folder) as entries:
            files = [entry for entry in entries if entry.name.endswith(".dcm")]
            return {entry.name.removesuffix(".dcm") for entry in files if _touched_at(entry) < before}

    def sync_instances_in(self, folder: str) -> None:
        """The names in one of ``FOLDERS`` are on disk when this returns."""
        sync_folder(self._instances / folder)

    def head_path(self, sha256: str) -> Path:
        """Where the head lies, or would lie, of an instance whose pixels were removed."""
        return _fan_out(self._instances, sha256).with_suffix(".head")

    def open_instance(self, file_head: bytes) -> InstanceWriter:
        """Begin a Part 10 file. ``file_head``: preamble and meta header, which are not part of the digest."""
        return InstanceWriter(self, file_head)

    @property
    def free_bytes(self) -> int:
        """Room that is left for this user."""
        room = os.statvfs(self._incoming)
        return room.f_bavail * room.f_frsize


class InstanceWriter:
    """One received instance on its way to disk. Nothing is visible before ``finish``; ``abort`` leaves nothing."""

    def __init__(self, store: ContentStore, file_head: bytes) -> None:
        self._store = store
        self._digest = hashlib.sha256()
        self._part = PartialFile(store._incoming)
        self._part.write(file_head)
        self.bytes = 0

    def write(self, data_set_bytes: bytes | memoryview) -> None:
        """Append to the data set. Raises ContentNotWrittenError when there is no room."""
        self._digest.update(data_set_bytes)
        self.bytes += len(data_set_bytes)
        self._part.write(data_set_bytes)

    def finish(self) -> str:
        """Bring the file to disk under its name and return the SHA-256 (hex) of the data set's bytes.

        The same data set may lie there already: then that file stays as it is.
        """
        sha256 = self._digest.hexdigest()
        self._part.settle(self._store.instance_path(sha256))
        return sha256

    def abort(self) -> None:
        """Forget it. Harmless after ``finish``."""
        self._part.discard()


class PartialFile:
    """A file in ``incoming`` that gets its final name when it is whole. Its lock says that it is no leftover."""

    def __init__(self, incoming: Path) -> None:
        try:
            self._fd, self._path = _create_part(incoming)
        except OSError as error:
            raise _not_written(error) from error
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, content: bytes | memoryview) -> None:
        """Append all of it."""
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise _not_written(error) from error

    def settle(self, final: Path) -> None:
        """fsync the file, give it its name, fsync the folder. A file that has the name already is left alone."""
        try:
            if not _touched(final):
                crash_at("file_written_not_synced")
                os.fsync(self._fd)
                crash_at("file_synced_not_renamed")
                self._path.rename(final)
            sync_folder(final.parent)
        except OSError as error:
            raise _not_written(error) from error
        self.discard()

    def discard(self) -> None:
        """Close, and remove what has no final name."""
        if self._open:
            self._open = False
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            os.close(self._fd)


def why_not_writable(data_dir: Path) -> str:
    """What the system says when a file is made below a data_dir that is there; empty: it can be."""
    try:
        fd, probe = _create_part(data_dir / "incoming")
        os.close(fd)
        probe.unlink()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def content_path(data_dir: Path, sha256: str) -> Path:
    """Where a content lies, or would lie, below a data_dir: for who only looks."""
    return _fan_out(data_dir / "content", sha256)


def _fan_out(root: Path, sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise InstanceLostError(
            f"{sha256[:80]!r} is not a SHA-256 in 64 hexadecimal digits, so nothing is kept under it."
        )
    return root / sha256[:2] / sha256


def _touched_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # removed in this moment
        return float("inf")


def _touched(path: Path) -> bool:
    """Say that this content is needed now; False when it is not there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _not_written(error) from error
    return True


def _make_fan_out(root: Path) -> None:
    for folder in FOLDERS:
        (root / folder).mkdir(mode=_FOLDER_MODE, exist_ok=True)
    sync_folder(root)


def _create_part(incoming: Path) -> tuple[int, Path]:
    while True:
        path = incoming / f"{secrets.token_hex(16)}.part"
        fd = os.open(path, _CREATE, _FILE_MODE)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:  # 0: another process took it for a leftover before the lock was held
            return fd, path
        os.close(fd)


def _remove_leftovers(incoming: Path) -> None:
    """Remove the files of writers that died: the kernel has given up their lock."""
    for path in incoming.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                pass  # its writer lives
            finally:
                os.close(fd)


def _not_written(error: OSError) -> ContentNotWrittenError:
    return ContentNotWrittenError(
        f"The content store could not write ({error.strerror}); make room below data_dir, then it goes on by itself."
    )
