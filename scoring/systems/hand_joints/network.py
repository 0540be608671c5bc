"""The grading network: one crop and its site in, ordered grades of erosion and narrowing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from scoring.networks.ordinal_head import expected_grade, ordered_logits
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES, SITES_OF

EROSION_CUTS: Final = HIGHEST_GRADE["erosion"]
NARROWING_CUTS: Final = HIGHEST_GRADE["narrowing"]

GRADED: Final = torch.tensor([[site in SITES_OF[item] for item in ITEMS] for site in SITES])
"""(22, 2): whether erosion and narrowing are graded at a site."""

LAST_FEATURES: Final = "features"
"""The layer whose map Grad-CAM explains: (n, channels, 8, 8)."""

_WIDTH: Final = 32
"""Channels of the first layers; later ones have multiples of it."""
_SITE_CHANNELS: Final = 12
_HIDDEN: Final = 64


@dataclass(frozen=True)
class GradeLogits:
    """Logits of P(grade > k): ``erosion`` (n, 5) and ``narrowing`` (n, 4), each falling with k."""

    erosion: Tensor
    narrowing: Tensor


class JointGrader(nn.Module):
    """Shared trunk for all sites; a site embedding and the place in the crop join it half way.

    The place matters: the joint that is meant lies in the middle, and its neighbours' spaces must not be read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.detail = nn.Sequential(
            nn.PixelUnshuffle(2),
            _convolution(4, _WIDTH),
            _convolution(_WIDTH, _WIDTH),
            _convolution(_WIDTH, 2 * _WIDTH, stride=2),
            _convolution(2 * _WIDTH, 2 * _WIDTH),
        )
        self.site = nn.Embedding(len(SITES), _SITE_CHANNELS)
        self.features = nn.Sequential(
            _convolution(2 * _WIDTH + _SITE_CHANNELS + 3, 4 * _WIDTH, stride=2),
            _convolution(4 * _WIDTH, 4 * _WIDTH),
        )
        self.head = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(8 * _WIDTH + _SITE_CHANNELS, _HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, EROSION_CUTS + NARROWING_CUTS),
        )

    def forward(self, crops: Tensor, sites: Tensor) -> GradeLogits:
        """``crops`` (n, 1, 64, 64) normalised; ``sites`` (n,) indices into ``SITES``."""
        return self.judged(self.detail(crops), sites)

    def judged(self, detail: Tensor, sites: Tensor) -> GradeLogits:
        """The second half: ``detail`` (n, channels, 16, 16) of the crops, seen as the given sites."""
        site = self.site(sites).to(detail.dtype)
        around = site[:, :, None, None].expand(-1, -1, *detail.shape[2:])
        features = self.features(torch.cat([detail, around, _place(detail)], 1))
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3)), site], 1)
        raw = self.head(pooled).float()
        return GradeLogits(ordered_logits(raw[:, :EROSION_CUTS]), ordered_logits(raw[:, EROSION_CUTS:]))


def expected_damage(logits: GradeLogits, sites: Tensor) -> Tensor:
    """(n,): expected erosion plus expected narrowing, of the items that are graded at each site."""
    graded = GRADED[sites]
    return expected_grade(logits.erosion) * graded[:, 0] + expected_grade(logits.narrowing) * graded[:, 1]


def _convolution(channels: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU())


def _place(like: Tensor) -> Tensor:
    """(n, 3, rows, columns): x and y from -1 to 1 and the squared distance from the middle."""
    rows, columns = like.shape[2:]
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n, device=like.device) for n in (rows, columns)), indexing="ij")
    return torch.stack([x, y, x * x + y * y]).to(like.dtype).expand(like.shape[0], -1, -1, -1)
