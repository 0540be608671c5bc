"""The packaged ensemble of whole hands goes out and comes in, and its ONNX files answer as torch does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from scoring.bundles.checking import check_bundle
from scoring.bundles.exporting import export_bundle
from scoring.bundles.importing import import_bundle
from scoring.cards.card_facts import digest_of_weights
from scoring.cards.card_freshness import check_card
from scoring.catalogue import find_spec
from scoring.chosen_weights import with_weights_of
from scoring.systems.svdh_hands.ensemble import Ensemble
from scoring.systems.svdh_hands.onnx_networks import SumAndSeverity, write_onnx
from scoring.systems.svdh_hands.preprocessing import view_shape
from scoring.systems.svdh_hands.totals import severity_cuts
from scoring.weights import read_weights_record

SPEC = find_spec("svdh_hands")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_bundle(SPEC, tmp_path_factory.mktemp("whole") / "bundle", partial(write_onnx, SPEC))


def test_what_went_out_comes_in_with_the_same_digest_and_its_card(bundle: Path, tmp_path: Path) -> None:
    check_bundle(bundle, SPEC)
    taken = with_weights_of(SPEC, import_bundle(SPEC, bundle, tmp_path / "taken"))
    assert digest_of_weights(taken) == digest_of_weights(SPEC)
    check_card(taken, tmp_path / "taken")


def test_every_member_answers_in_onnx_as_in_torch(bundle: Path) -> None:
    """Within 1e-3 of a score unit and 1e-4 of a probability, on another number of views than was traced."""
    cuts = severity_cuts(SPEC)
    ensemble = Ensemble.open(read_weights_record(SPEC.weights_files[0]), cuts)
    shape = (3, 1, *view_shape(ensemble.shape.pixels))
    views = np.random.default_rng(3).normal(0, 1, shape).astype(np.float32)
    for name, network in ensemble.networks.items():
        session = onnxruntime.InferenceSession(bundle / "models" / f"{name}.onnx")
        total, severity = session.run(None, {"views": views})
        with torch.inference_mode():
            wanted_total, wanted_severity = SumAndSeverity(network.eval())(torch.from_numpy(views))
        np.testing.assert_allclose(total, wanted_total.numpy(), rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(severity, wanted_severity.numpy(), atol=1e-4)
