"""What every scoring system offers. A system is found by its folder and opened by ``scoring.catalogue``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from scoring.coded_concept import CodedConcept
from scoring.image import ScoringImage
from scoring.networks.network_ports import PortsOfNetwork
from scoring.result import HandRegion, NotEvaluable, ScoreItem, ScoreTotal
from scoring.spec import SystemSpec
from scoring.study import TrialContext
from scoring.weights import WeightRecord


@dataclass(frozen=True)
class HeatmapFinding:
    """A heatmap as a system hands it out: uint8, any grid, stretched over the whole image (0 cold, 255 hot)."""

    image: str
    grid: npt.NDArray[np.uint8]
    method: str
    about: str


@dataclass(frozen=True)
class MarksFinding:
    """Things found and measured on one image: float32 (n, 3), each row x, y in pixels of the image, and a size."""

    image: str
    points: npt.NDArray[np.float32]
    about: str
    """What they are, and of what the size is: ``capillary loops; apical diameter in um``."""


@dataclass(frozen=True)
class Findings:
    """What a system found on the images of one job. ``left_out`` names images it did not use: UID -> (rule, why)."""

    items: tuple[ScoreItem, ...]
    totals: tuple[ScoreTotal, ...]
    quality: CodedConcept
    hands: tuple[HandRegion, ...] = ()
    heatmaps: tuple[HeatmapFinding, ...] = ()
    marks: tuple[MarksFinding, ...] = ()
    notes: tuple[str, ...] = ()
    not_evaluable: NotEvaluable | None = None
    left_out: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoringContext:
    """What a system may know beside the pixels."""

    trial: TrialContext
    forced: bool = False


class ScoringSystem(Protocol):
    """One scoring system with its weights loaded; ``open_system(spec)`` in its folder's ``system.py`` returns it."""

    @property
    def spec(self) -> SystemSpec:
        """What the folder's spec.toml says."""

    @property
    def weights(self) -> tuple[WeightRecord, ...]:
        """Every weight file that takes part, those of shared anatomy included; empty for a rule or a form."""

    @property
    def statement(self) -> str:
        """What must be said wherever a result is shown, from the weights' record; empty when there is nothing."""

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        """Score one job. The same images give the same findings; a bad image is a reason, never an exception."""


class Recipe(Protocol):
    """What a system's ``training.py`` offers to the command line; each function shows its own progress."""

    def train_demonstration(
        self, data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None
    ) -> object:
        """Learn the demonstration weights; ``data`` holds the public images that some systems need.

        ``recipe``: a file of choices in place of the packaged one. TrainingError from a system that has none.
        """

    def train(
        self, labels: Path, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None
    ) -> object:
        """Learn from a centre's readings. Raises LabelError naming row and column; ``recipe`` as above."""

    def evaluate(self, spec: SystemSpec, labels: Path, images: Path, out: Path) -> dict[str, Any]:
        """Measure the weights that ``spec`` names against readings; the figures by name, also written to ``out``."""

    def figures_in_words(self, folder: Path) -> str:
        """What training measured of the weights in a folder, for their model card (Markdown); empty for nothing."""

    def write_onnx(self, spec: SystemSpec, folder: Path) -> Sequence[PortsOfNetwork]:
        """Write each network, with the weights that ``spec`` names first, as ROLE.onnx; what goes in and comes out."""
