"""Files that a person names in a call: what lies in folders, what can be read, what may be a name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dicom_node.errors import WrapError

LONGEST: Final = 64
"""Characters of a value of VR LO, as Patient ID is (PS3.5 6.2)."""
_LONGEST_STEM: Final = 100
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".avif", ".gif", ".webp", ".tif", ".tiff", ".bmp")
"""Also those that are refused: one that is left out in silence would be missed in the visit."""


def given_pictures(paths: Sequence[Path]) -> list[Path]:
    """The files of a call; a folder stands for the pictures in it, by name. WrapError for a folder without any."""
    return [picture for path in paths for picture in (_pictures_in(path) if path.is_dir() else [path])]


def _pictures_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES and path.is_file())
    if not found:
        raise WrapError(f"{shown_name(folder)} is a folder without pictures; wanted JPEG or PNG files in it.")
    return found


def content_of(path: Path) -> bytes:
    """All bytes of a file. WrapError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise WrapError(f"{shown_name(path)} is no longer there.") from None
    except OSError as error:
        raise WrapError(f"{shown_name(path)} cannot be read: {_why(error)}.") from None


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """WrapError where the folder of results cannot be made, or takes no more."""
    try:
        yield
    except OSError as error:
        raise WrapError(f"{folder} cannot be written to: {_why(error)}; make room, or name another folder.") from None


def shown_name(path: Path) -> str:
    """The name without what would break a line or turn the direction of writing."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path.name)


def file_stem(path: Path) -> str:
    """The name without its ending, in letters, digits and a few signs that every file system takes."""
    return "".join(sign if sign.isalnum() or sign in "-_.() " else "_" for sign in path.stem)[:_LONGEST_STEM]


def is_long_string(text: str) -> bool:
    """Whether it may be a value of VR LO: one line without backslash, not too long."""
    return len(text) <= LONGEST and "\\" not in text and text.isprintable()


def check_long_strings(option: str, *words: str) -> None:
    """WrapError names the option of which an attribute of VR LO cannot hold a word."""
    if not all(map(is_long_string, words)):
        raise WrapError(f"{option}: allowed are at most {LONGEST} characters on one line, without backslash.")


def _why(error: OSError) -> str:
    return (os.strerror(error.errno) if error.errno else type(error).__name__).lower()
