"""Backbones of timm: what learns, what rests, where weights come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from scoring.errors import TrainingError
from scoring.networks.timm_trunk import SCHEMES, Scheme, TimmTrunk

NAMES = ("resnet10t", "mobilenetv2_050", "test_convnext")


@pytest.mark.parametrize("name", NAMES)
def test_a_map_of_features_comes_out(name: str) -> None:
    trunk = TimmTrunk.untrained(name).eval()
    assert trunk(torch.zeros(2, 1, 96, 64)).shape == (2, trunk.features, 3, 2)


@pytest.mark.parametrize("name", NAMES)
def test_each_scheme_lets_more_learn_and_the_rest_rests(name: str) -> None:
    shares, trunk = [], TimmTrunk.untrained(name)
    for scheme in SCHEMES:
        trunk.learn_only(scheme).train()
        learning = [p for p in trunk.parameters() if p.requires_grad]
        shares.append(sum(p.numel() for p in learning) / sum(p.numel() for p in trunk.parameters()))
        before = {n: b.clone() for n, b in trunk.named_buffers() if "running" in n}
        trunk(torch.randn(4, 1, 64, 64))
        moved = {n for n, b in trunk.named_buffers() if "running" in n and not torch.equal(b, before[n])}
        layers = trunk._stages()
        last = trunk._last_stage(layers)
        if scheme == "head":
            assert not moved
        elif scheme == "last_stage" and before:
            assert moved
            assert all(layers[f"{n.removeprefix('backbone.').rpartition('.')[0]}.weight"] >= last for n in moved)
    assert shares[0] == 0.0
    assert 0.0 < shares[1] < 1.0
    assert shares[2] == 1.0


@pytest.mark.parametrize("scheme", ["last_stage", "all"])
def test_earlier_layers_learn_slower(scheme: Scheme) -> None:
    trunk = TimmTrunk.untrained("resnet10t").learn_only(scheme)
    groups = trunk.parameter_groups(weight_decay=0.05, layer_decay=0.75)
    rates = [float(str(group["rate_scale"])) for group in groups]
    assert rates == sorted(rates)
    assert max(rates) <= 0.75
    counted = [parameter for group in groups for parameter in group["params"]]  # type: ignore[attr-defined]
    assert {id(p) for p in counted} == {id(p) for p in trunk.parameters() if p.requires_grad}
    assert all(group["weight_decay"] == 0 for group in groups if group["params"][0].ndim == 1)  # type: ignore[index]


def test_weights_come_from_a_file_and_three_channels_become_one(tmp_path: Path) -> None:
    import timm

    published = timm.create_model("resnet10t")
    save_file(published.state_dict(), tmp_path / "resnet10t.safetensors")
    trunk = TimmTrunk.from_file("resnet10t", tmp_path / "resnet10t.safetensors")
    first = next(m for m in trunk.modules() if isinstance(m, nn.Conv2d))
    theirs = next(m for m in published.modules() if isinstance(m, nn.Conv2d))
    torch.testing.assert_close(first.weight, theirs.weight.sum(1, keepdim=True))


def test_only_safetensors_are_opened(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "resnet10t.pth")
    with pytest.raises(TrainingError, match="no safetensors file"):
        TimmTrunk.from_file("resnet10t", tmp_path / "resnet10t.pth")
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="does not hold the weights of resnet10t"):
        TimmTrunk.from_file("resnet10t", tmp_path / "other.safetensors")


def test_a_backbone_that_timm_does_not_have_is_named() -> None:
    with pytest.raises(TrainingError, match="timm has no backbone 'resnet51'"):
        TimmTrunk.untrained("resnet51")


def test_without_a_network_the_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(TrainingError, match=r"could not be fetched .* name a safetensors file"):
        TimmTrunk.from_hub("resnet18")
