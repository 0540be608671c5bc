"""MONAI's U-Net and Grad-CAM, loaded without the libraries that MONAI uses only where they are installed.

Whoever imports a name of MONAI loads every file of it, and with them each optional library that is found: drawing,
downloads, signals. They are two thirds of the time that it takes, in every process that scores. So they are not found
while MONAI is loaded here, by this thread alone; MONAI takes them as not installed, and everybody else finds them as
ever. What we use of MONAI uses none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from threading import get_ident
from types import ModuleType
from typing import Final

_OPTIONAL: Final = frozenset({"huggingface_hub", "matplotlib", "scipy.optimize", "scipy.signal", "torchvision"})


class _NotFound(MetaPathFinder):
    """Tells the thread that made it, and no other, that the optional libraries are not there."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname in _OPTIONAL and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is left out while MONAI is loaded", name=fullname)


@contextmanager
def _without_optional_libraries() -> Iterator[None]:
    finder = _NotFound()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with _without_optional_libraries():
    from monai.networks.nets.unet import UNet
    from monai.visualize.class_activation_maps import GradCAM

__all__ = ["GradCAM", "UNet"]
