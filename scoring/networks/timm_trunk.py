"""A timm backbone without its classifier, and how much of it learns: pictures in, a map of features out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, Self

from torch import Tensor, nn

from scoring.errors import TrainingError
from scoring.networks.torch_start import mend_torchvision

Scheme = Literal["head", "last_stage", "all"]
"""What a fine-tuning changes: the new head alone, the last stage of the trunk too, or all of it."""
SCHEMES: Final[tuple[Scheme, ...]] = ("head", "last_stage", "all")
HUB: Final = "hub"
NONE: Final = "none"
"""What a recipe may say in place of the file that a trunk starts from: the hub's weights, or none."""


class TimmTrunk(nn.Module):
    """``features`` channels at a coarse grid. Parts that do not learn rest: their batch statistics stay as they are."""

    def __init__(self, backbone: nn.Module, name: str) -> None:
        super().__init__()
        self.backbone, self.name = backbone, name
        self.features = int(backbone.num_features)  # type: ignore[arg-type]  # timm sets it on every model
        self._resting: tuple[nn.Module, ...] = ()

    @classmethod
    def untrained(cls, name: str, in_channels: int = 1, **options: Any) -> Self:
        """A backbone of this timm name for pictures of so many ``in_channels``; ``options`` go to timm.

        TrainingError: no such name.
        """
        return cls(_create(name, in_channels, pretrained=False, **options), name)

    @classmethod
    def from_hub(cls, name: str, in_channels: int = 1) -> Self:
        """With the weights that timm's hub has for it. TrainingError where there is no network or no such weight."""
        try:
            return cls(_create(name, in_channels, pretrained=True), name)
        except TrainingError:
            raise
        except Exception as error:  # the hub's client has many kinds of them
            raise TrainingError(
                f"The weights of {name} could not be fetched ({type(error).__name__}). Without a network: name a "
                'safetensors file of them in the recipe (start = "FILE"), or begin untrained (start = "none").'
            ) from None

    @classmethod
    def from_file(cls, name: str, path: Path, in_channels: int = 1) -> Self:
        """With the weights of a safetensors file as timm publishes them; for grey its three channels are summed."""
        if path.suffix != ".safetensors" or not path.is_file():
            raise TrainingError(f"{path.name} is no safetensors file that exists; other kinds are never opened.")
        try:
            overlay = {"file": str(path)}
            return cls(_create(name, in_channels, pretrained=True, pretrained_cfg_overlay=overlay), name)
        except TrainingError:
            raise
        except Exception as error:
            raise TrainingError(f"{path.name} does not hold the weights of {name} ({type(error).__name__}).") from None

    @classmethod
    def begun(cls, name: str, start: str, folder: Path, in_channels: int = 1, **options: Any) -> Self:
        """As a recipe begins it: ``start`` is ``HUB``, ``NONE`` or a file below ``folder``; ``options`` go with NONE.

        TrainingError as the three of them.
        """
        if start == NONE:
            return cls.untrained(name, in_channels, **options)
        return cls.from_hub(name, in_channels) if start == HUB else cls.from_file(name, folder / start, in_channels)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, in_channels, rows, columns) -> (n, features, rows / 32, columns / 32)."""
        found: Tensor = self.backbone.forward_features(pictures)  # type: ignore[operator]  # every timm model has it
        return found

    def learn_only(self, scheme: Scheme) -> Self:
        """Let this much learn from now on."""
        layers = self._stages()
        first = {"head": max(layers.values()) + 1, "last_stage": self._last_stage(layers), "all": 0}[scheme]
        resting = []
        for name, module in self.backbone.named_modules():
            own = [layers[f"{name}.{one}" if name else one] for one, _ in module.named_parameters(recurse=False)]
            if own and max(own) < first:
                resting.append(module)
        self._resting = tuple(resting)
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad_(layers[name] >= first)
        return self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """As every module, but what rests stays in evaluation mode."""
        super().train(mode)
        for module in self._resting:
            module.eval()
        return self

    def parameter_groups(self, weight_decay: float, layer_decay: float) -> list[dict[str, object]]:
        """What learns, for AdamW: each layer slower than the one after it by ``layer_decay``, none decayed that is 1-D.

        As in BEiT (Bao et al., ICLR 2022); the rates are shares of the head's.
        """
        from timm.optim import param_groups_layer_decay  # type: ignore[attr-defined]  # exported without saying so

        groups = param_groups_layer_decay(self.backbone, weight_decay=weight_decay, layer_decay=layer_decay)
        return [
            {"params": one["params"], "weight_decay": one["weight_decay"], "rate_scale": layer_decay * one["lr_scale"]}
            for one in groups
        ]

    def _stages(self) -> dict[str, int]:
        """Stage of every parameter, 0 for the stem."""
        from timm.models import group_parameters

        matcher: Any = self.backbone.group_matcher
        stages: dict[str, int] = group_parameters(self.backbone, matcher(coarse=True), reverse=True)
        return stages

    def _last_stage(self, layers: dict[str, int]) -> int:
        info: Any = self.backbone.feature_info
        inside = [stage for name, stage in layers.items() if name.startswith(f"{info[-1]['module']}.")]
        return min(inside)


def _create(name: str, in_channels: int, pretrained: bool, **options: Any) -> nn.Module:
    mend_torchvision()
    import timm

    try:
        made: nn.Module = timm.create_model(
            name, pretrained=pretrained, in_chans=in_channels, num_classes=0, global_pool="", **options
        )
    except (RuntimeError, ValueError) as error:
        if "Unknown model" in str(error):
            raise TrainingError(f"timm has no backbone {name!r}; `timm.list_models()` names them.") from None
        raise
    return made
