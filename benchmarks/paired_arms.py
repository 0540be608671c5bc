"""Two ways to learn, compared on the same unseen hands: networks of several seeds, intervals by drawing patients."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from scoring.agreement.bootstrap import estimate
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import root_mean_square_error
from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.spec import read_spec
from scoring.systems import svdh_hands
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.totals import severity_cuts

BACKBONE, CHANNELS = "resnet18", [24, 48, 96, 192]
DRAWS = 2000
FOLDER = Path(svdh_hands.__path__[0])
MEASURES = {"pearson_correlation": pearson_correlation, "root_mean_square_error": root_mean_square_error}
Table = npt.NDArray[np.float64]
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for: the folder of the films, that of the run, and how many networks an arm has."""

    data: Path
    out: Path
    seeds: int


def asked(about: str, seeds: int = 3) -> Asked:
    """Of ``--data DIR --out RUN [--seeds N]``."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with rsna-bone-age")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; what is done is not done again")
    parser.add_argument("--seeds", type=int, default=seeds, help="networks of each arm")
    return Asked(**vars(parser.parse_args()))


def cut_offs() -> tuple[int, ...]:
    """Of the severity class."""
    return severity_cuts(read_spec(FOLDER / "spec.toml"))


def begun(seed: int) -> WholeHandNetwork:
    """An untrained network; its head does not depend on what becomes of its trunk."""
    torch.manual_seed(seed)
    return WholeHandNetwork(TimmTrunk.untrained(BACKBONE, channels=CHANNELS), cut_offs())


def kept(path: Path, draw: Callable[[], HandBook]) -> HandBook:
    """Hands that are drawn once and kept in a file."""
    if not path.exists():
        book, half = draw(), path.with_suffix(".half.npz")
        parts = {"views": book.views, "totals": book.totals, "places": book.places, "damage": book.damage}
        np.savez(half, **parts, patients=np.array(book.patients))
        half.rename(path)
    with np.load(path) as found:
        parts = [found[name] for name in ("views", "totals", "places", "damage")]
        return HandBook(*parts, tuple(map(str, found["patients"])))


def compared(measure: Callable[..., float], book: HandBook, first: Table, second: Table) -> Figures:
    """A measure of the networks of both arms, tables (n, seeds), and second less first, as a whole and seed by seed."""
    of_all, truth = of_seeds(measure), book.totals

    def gain(truth: Table, before: Table, after: Table) -> float:
        return of_all(truth, after) - of_all(truth, before)

    return {
        "first": estimated(of_all, (truth, first), book.patients),
        "second": estimated(of_all, (truth, second), book.patients),
        "difference": estimated(gain, (truth, first, second), book.patients),
        "of_each_seed": [
            round(measure(truth, after) - measure(truth, before), 4)
            for before, after in zip(first.T, second.T, strict=True)
        ],
    }


def of_seeds(measure: Callable[..., float]) -> Callable[..., float]:
    """The mean of a measure over columns, each what the network of one seed said."""
    return lambda truth, said: float(np.mean([measure(truth, one) for one in said.T]))


def estimated(measure: Callable[..., float], columns: Sequence[npt.ArrayLike], groups: Sequence[object]) -> Figures:
    """Value, lower and upper end of the 95 % interval, rounded."""
    found = asdict(estimate(measure, columns, groups, seed=1, resamples=DRAWS))
    return {name: None if found[name] is None else round(found[name], 4) for name in ("value", "lower", "upper")}


def in_words(found: Figures, form: str) -> str:
    """A value with its interval."""
    return f"{found['value']:{form}} ({found['lower']:{form}} to {found['upper']:{form}})"
