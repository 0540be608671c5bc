"""Ordered grades: a head whose answers cannot contradict each other.

For grades 0..K the network says K logits of "the grade is above k". They are made from a first logit and K - 1 drops
that are positive by construction, so P(y > 0) >= P(y > 1) >= … holds for every input and every weight
(rank consistency; CORAL, Cao et al., Pattern Recognit Lett 2020;140:325, has the same drops for all inputs).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def ordered_logits(raw: Tensor) -> Tensor:
    """(…, K) free numbers -> (…, K) logits of P(y > k) that never rise with k."""
    drops = functional.softplus(raw[..., 1:])
    return torch.cat([raw[..., :1], raw[..., :1] - drops.cumsum(-1)], -1)


def expected_grade(logits: Tensor) -> Tensor:
    """(…, K) -> (…): the expected value of the grade, the sum of P(y > k)."""
    return logits.sigmoid().sum(-1)


def most_plausible_grade(logits: Tensor) -> Tensor:
    """(…, K) -> (…) whole numbers: how many of P(y > k) reach 0.5; the median of the predicted distribution."""
    return (logits >= 0).sum(-1)


def grade_probabilities(logits: Tensor) -> Tensor:
    """(…, K) -> (…, K + 1): P(y = 0), …, P(y = K); never negative, the sum is one."""
    above = logits.sigmoid()
    one, zero = torch.ones_like(above[..., :1]), torch.zeros_like(above[..., :1])
    return torch.cat([one, above], -1) - torch.cat([above, zero], -1)


def ordinal_loss(logits: Tensor, grades: Tensor) -> Tensor:
    """Binary cross entropy of every cut, summed over the cuts and averaged over the graded rows.

    ``logits`` (n, K); ``grades`` (n,), negative where nothing was graded. A mean of readers between two grades asks for
    a probability between 0 and 1 at the cut between them.
    """
    graded = grades >= 0
    cuts = torch.arange(logits.shape[-1], device=logits.device)
    truth = (grades[:, None] - cuts).clamp(0, 1).to(logits.dtype)
    losses = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").sum(-1)
    return (losses * graded).sum() / graded.sum().clamp_min(1)
