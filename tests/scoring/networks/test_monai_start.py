"""MONAI is loaded without the libraries that we do not use of it, and nobody else misses them."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from scoring.networks.monai_start import _NotFound

_LEFT_OUT = ("huggingface_hub", "matplotlib", "scipy.optimize", "scipy.signal", "torchvision")


def in_a_process(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_optional_libraries_are_left_out_and_found_afterwards() -> None:
    said = in_a_process(
        "import sys, importlib\n"
        "from scoring.networks.monai_start import GradCAM, UNet\n"
        f"print([name for name in {_LEFT_OUT!r} if name in sys.modules])\n"
        "UNet(2, 1, 1, (4, 8), (2,))\n"
        "for name in ('matplotlib', 'scipy.optimize', 'scipy.signal'): importlib.import_module(name)\n"
    )
    assert said == "[]\n"


def test_another_thread_finds_them_even_while_monai_is_loaded() -> None:
    finder, found = _NotFound(), []
    thread = threading.Thread(target=lambda: found.append(finder.find_spec("matplotlib", None)))
    thread.start()
    thread.join()
    assert found == [None], "it leaves the answer to those who know"
    with pytest.raises(ModuleNotFoundError, match="left out while MONAI is loaded"):
        finder.find_spec("matplotlib", None)
    assert finder.find_spec("numpy", None) is None
