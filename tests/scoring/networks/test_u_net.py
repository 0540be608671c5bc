"""Our U-Net and our Grad-CAM are MONAI's: the same names, the same first weights, the same answers, bit for bit.

MONAI is loaded by these tests alone: it takes seconds of every process.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from scoring.networks.grad_cam import grad_cam
from scoring.networks.u_net import UNet


@pytest.mark.parametrize(("channels", "residual"), [((40, 64, 96, 128), False), ((16, 32, 48, 64, 96), True)])
def test_the_u_net_is_that_of_monai(channels: tuple[int, ...], residual: bool) -> None:
    """Given the same dice; then weights learnt with either are those of the other, and mean the same."""
    from monai.networks.nets.unet import UNet as UNetOfMonai

    torch.manual_seed(5)
    ours = UNet(3, 4, channels, residual=residual)
    torch.manual_seed(5)
    theirs = UNetOfMonai(
        2, 3, 4, channels, strides=(2,) * (len(channels) - 1), num_res_units=int(residual), norm="batch"
    )
    found, wanted = ours.state_dict(), theirs.state_dict()
    assert list(found) == list(wanted)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)

    views = torch.rand(2, 3, 64, 48)
    for mode in (True, False):  # in training the running means move, too
        assert torch.equal(ours.train(mode)(views), theirs.train(mode)(views))
    ours(views).square().mean().backward()
    theirs(views).square().mean().backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert one.grad is not None and other.grad is not None and torch.equal(one.grad, other.grad)


class Judge(nn.Module):
    """A small network with a named layer for MONAI's hooks."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(1, 8, 3, 2, 1)
        self.head = nn.Linear(8, 1)

    def forward(self, views: Tensor) -> Tensor:
        said: Tensor = self.head(torch.relu(self.last(views)).amax((2, 3)))
        return said


def test_grad_cam_is_that_of_monai_as_it_is_before_it_is_turned_round() -> None:
    from monai.visualize.class_activation_maps import GradCAM

    judge, views = Judge().eval(), torch.rand(3, 1, 32, 40, requires_grad=True)
    theirs = GradCAM(judge, "last", postprocessing=lambda maps: maps)(views, class_idx=0)[:, 0]

    features = judge.last(views).detach().requires_grad_()
    ours = grad_cam(judge.head(torch.relu(features).amax((2, 3)))[:, 0], features, views.shape[2:])
    assert torch.equal(ours, theirs)
    assert ours.max() > 0
