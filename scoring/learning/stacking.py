"""Several models' answers as one, weighted by what they said of films that none of them had learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from scoring.errors import TrainingError

Blend = Literal["ridge", "non_negative"]
Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stack:
    """``value = intercept + sum of weight * member``, in score units."""

    members: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    blend: Blend

    def combine(self, predictions: npt.ArrayLike) -> Table:
        """(n, members) -> (n,)."""
        said = np.asarray(predictions, np.float64)
        return np.asarray(said @ np.asarray(self.weights) + self.intercept, np.float64)


def fit_stack(
    members: Sequence[str], out_of_fold: npt.ArrayLike, truth: npt.ArrayLike, blend: Blend, penalty: float = 1.0
) -> Stack:
    """Learn the weights from predictions ``out_of_fold`` (n, members) and ``truth`` (n,), both in score units.

    Every row must come from a model of a fold without that patient (Wolpert, Neural Netw 1992;5:241); NaN is refused.
    ``ridge`` draws the weights towards the plain mean, the more the larger ``penalty`` is (in rows: with as many rows
    it counts as much as they do); ``non_negative`` lets no member count against another (Breiman, Mach Learn
    1996;24:49). Members that are all alike share the weight.
    """
    said, wanted = np.asarray(out_of_fold, np.float64), np.asarray(truth, np.float64)
    if said.shape != (len(wanted), len(members)) or not len(wanted):
        raise TrainingError(f"Out-of-fold predictions are {said.shape}, wanted ({len(wanted)}, {len(members)}), n > 0.")
    if not (np.isfinite(said).all() and np.isfinite(wanted).all()):
        raise TrainingError("Out-of-fold predictions or truths hold values that are no numbers; nothing was stacked.")
    if blend == "non_negative":
        weights, _ = nnls(said, wanted)
        return Stack(tuple(members), tuple(weights.tolist()), 0.0, blend)
    mean = np.full(len(members), 1 / len(members))
    centred, middle = said - said.mean(0), wanted.mean()
    scale = max(float(centred.var(0).mean()), 1e-12)
    left = centred.T @ centred + penalty * scale * np.eye(len(members))
    # the residual of the plain mean, so that the penalty draws to it and not to nothing
    weights = mean + np.linalg.solve(left, centred.T @ (wanted - middle - centred @ mean))
    return Stack(tuple(members), tuple(weights.tolist()), float(middle - said.mean(0) @ weights), blend)
