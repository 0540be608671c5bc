"""Losses for readings with gaps: what nobody graded costs nothing. That of ordered grades is in ``networks``."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def regression_loss(predicted: Tensor, truth: Tensor, tolerance: float) -> Tensor:
    """Smooth L1 (Huber) over the graded entries; both (n, …) in score units, ``truth`` NaN where there is no grade.

    Errors below ``tolerance`` count by their square, larger ones by their size: one odd reading has no great weight.
    """
    graded = truth.isfinite()
    errors = functional.smooth_l1_loss(predicted.float(), truth.nan_to_num(), reduction="none", beta=tolerance)
    return (errors * graded).sum() / graded.sum().clamp_min(1)


def multi_label_loss(
    logits: Tensor, truth: Tensor, positive_weights: Tensor | None = None, gamma: float = 0.0
) -> Tensor:
    """Binary cross-entropy of each label by itself; (n, labels), ``truth`` in 0..1, NaN where it was not assessable.

    ``positive_weights`` (labels,) makes up for rare labels; ``gamma`` above 0 turns it into the focal loss
    (Lin et al., ICCV 2017), in which what is already well told counts less.
    """
    graded, wanted, logits = truth.isfinite(), truth.nan_to_num(), logits.float()
    losses = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none", pos_weight=positive_weights)
    if gamma > 0:
        losses = losses * (wanted - logits.sigmoid()).abs() ** gamma
    return (losses * graded).sum() / graded.sum().clamp_min(1)
