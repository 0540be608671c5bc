"""The ensemble with its weights loaded: views of hands in, totals and severity out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from scoring.networks.ordinal_head import expected_grade, grade_probabilities, most_plausible_grade
from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.torch_start import load_weights
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.score_rules.sharp_van_der_heijde import highest_sum
from scoring.systems.svdh_hands.ensemble_file import ENSEMBLE_ROLE, EnsembleShape, read_ensemble
from scoring.systems.svdh_hands.learning import judged
from scoring.systems.svdh_hands.preprocessing import Views, normalised
from scoring.weights import WeightsRecord, checked_bytes

_HIGHEST: float = highest_sum("R")


@dataclass(frozen=True, slots=True)
class Severity:
    """The class of a patient, 0 .. number of cut-offs: most plausible, expected, and the probability of each."""

    grade: int
    expected: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class HandOpinions:
    """What the ensemble says of n hands of one patient.

    ``totals`` (n,) 0..140; ``cuts`` (cut-offs,), the members' mean logits of severity at the sum of these totals.
    """

    totals: npt.NDArray[np.float64]
    cuts: npt.NDArray[np.float32]

    def severity(self) -> Severity:
        """The class of the patient, where these are both hands."""
        logits = torch.from_numpy(self.cuts)
        shares = grade_probabilities(logits).double()
        return Severity(
            grade=int(most_plausible_grade(logits)),
            expected=round(float(expected_grade(logits)), 4),
            probabilities=tuple(round(share, 4) for share in shares.tolist()),
        )


class Ensemble:
    """Members in the order of the stack."""

    def __init__(self, shape: EnsembleShape, networks: dict[str, WholeHandNetwork]) -> None:
        self.shape, self.networks = shape, networks

    @classmethod
    def open(cls, record: WeightsRecord, cut_offs: Sequence[int]) -> Self:
        """From listed files; WeightsError when one is missing, changed, or belongs to another network."""
        shape = read_ensemble(checked_bytes(record.file(ENSEMBLE_ROLE)))
        networks = {}
        for member in shape.members:
            network = WholeHandNetwork(TimmTrunk.untrained(member.backbone, **member.options), cut_offs)
            load_weights(network, record.file(member.name))
            networks[member.name] = network
        return cls(shape, networks)

    def judge(self, views: Views) -> HandOpinions:
        """Views (n, rows, columns) of ``hand_view``, all of one patient."""
        seen = normalised(torch.from_numpy(views.astype(np.float32))[:, None])
        said = [judged(self.networks[member.name], seen) for member in self.shape.members]
        members = np.stack([one.total.double().numpy() for one in said], 1)
        totals = np.clip(self.shape.stack.combine(members), 0.0, _HIGHEST)
        both = torch.tensor([totals.sum()], dtype=torch.float32)
        with torch.inference_mode():
            cuts = torch.cat([network.severity(both) for network in self.networks.values()]).mean(0)
        return HandOpinions(totals, cuts.numpy())
