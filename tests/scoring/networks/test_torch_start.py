"""torch starts whatever torchvision is installed, and only listed weights of the right network are loaded."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from scoring.errors import WeightsError
from scoring.networks.torch_start import load_weights
from scoring.weights import WeightRecord

# What torchvision does when its compiled part did not load: it describes an operator that nobody has declared.
_BROKEN = """
import torch
@torch.library.register_fake("torchvision::nms")
def _nms(dets, scores, iou_threshold):
    return dets
"""
_TRY = """
import sys, torch
from scoring.networks.torch_start import mend_torchvision
print(mend_torchvision(), "torchvision" in sys.modules, hasattr(torch.ops.torchvision, "nms"))
"""


def _in_a_process(code: str, *, first: Path | None = None) -> str:
    found = [str(first)] if first else []
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {found!r}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _package(folder: Path, content: str) -> Path:
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(content)
    return folder


def test_a_torchvision_without_its_compiled_part_is_mended(tmp_path: Path) -> None:
    assert _in_a_process(_TRY, first=_package(tmp_path, _BROKEN)) == "True True True"


def test_a_healthy_torchvision_is_left_untouched(tmp_path: Path) -> None:
    assert _in_a_process(_TRY, first=_package(tmp_path, "")) == "False True False"


def test_another_fault_of_torchvision_is_not_hidden(tmp_path: Path) -> None:
    package = _package(tmp_path, "raise RuntimeError('something else')")
    with pytest.raises(AssertionError, match="something else"):
        _in_a_process(_TRY, first=package)


def test_the_installed_torchvision_lets_timm_be_imported() -> None:
    code = (
        "from scoring.networks.torch_start import mend_torchvision\nmend_torchvision()\nimport timm\nprint(bool(timm))"
    )
    assert _in_a_process(code) == "True"


def test_a_start_makes_torch_repeatable_and_loads_neither_its_compiler_nor_torchvision() -> None:
    code = (
        "import sys, torch\nfrom scoring.networks.torch_start import start_torch\nstart_torch()\n"
        "print(torch.are_deterministic_algorithms_enabled(), torch.get_num_threads(),"
        " {'torchvision', 'torch._dynamo', 'torch._inductor'} & sys.modules.keys())"
    )
    assert _in_a_process(code) == "True 1 set()"


def _listed(path: Path) -> WeightRecord:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return WeightRecord("grader", path, digest, "none", "a test", (), "none", True)


def test_listed_weights_are_loaded_and_frozen(tmp_path: Path) -> None:
    module, path = nn.Linear(2, 1), tmp_path / "w.safetensors"
    save_file({"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0])}, path)
    load_weights(module, _listed(path))
    assert module(torch.tensor([1.0, 1.0])).item() == 6.0
    assert not module.training
    assert not any(p.requires_grad for p in module.parameters())


def test_a_changed_weight_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"weight": torch.zeros(1, 2), "bias": torch.zeros(1)}, path)
    record = _listed(path)
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(WeightsError, match="was changed"):
        load_weights(nn.Linear(2, 1), record)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"weight": torch.zeros(1, 3), "bias": torch.zeros(1)}, r"weight has the shape \(1, 3\), wanted \(1, 2\)"),
        ({"weight": torch.zeros(1, 2)}, "bias has the shape None"),
        ({"weight": torch.zeros(1, 2), "bias": torch.zeros(1), "more": torch.zeros(1)}, "more"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, tensors: dict[str, torch.Tensor], said: str) -> None:
    path = tmp_path / "w.safetensors"
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=said):
        load_weights(nn.Linear(2, 1), _listed(path))


def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"\x80\x04 a pickle, say")
    with pytest.raises(WeightsError, match="no safetensors file"):
        load_weights(nn.Linear(2, 1), _listed(path))
