"""The packaged label network goes out and comes in, and its ONNX file answers as torch does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from scoring.bundles.checking import check_bundle
from scoring.bundles.exporting import export_bundle
from scoring.bundles.importing import import_bundle
from scoring.cards.card_facts import digest_of_weights
from scoring.cards.card_freshness import check_card
from scoring.catalogue import find_spec
from scoring.chosen_weights import with_weights_of
from scoring.systems.nailfold.network import NETWORK_ROLE, LabelNetwork
from scoring.systems.nailfold.onnx_network import write_onnx
from scoring.weights import read_weights_record

SPEC = find_spec("nailfold")


def test_the_label_network_goes_out_comes_in_and_answers_alike(tmp_path: Path) -> None:
    bundle = export_bundle(SPEC, tmp_path / "bundle", partial(write_onnx, SPEC))
    check_bundle(bundle, SPEC)
    taken = with_weights_of(SPEC, import_bundle(SPEC, bundle, tmp_path / "taken"))
    assert digest_of_weights(taken) == digest_of_weights(SPEC)
    check_card(taken, tmp_path / "taken")
    network = LabelNetwork.open(read_weights_record(taken.weights_files[0]))
    shape = (3, 3, network.shape.rows, network.shape.columns)
    pictures = np.random.default_rng(3).random(shape, np.float32)
    [labels] = onnxruntime.InferenceSession(bundle / "models" / f"{NETWORK_ROLE}.onnx").run(
        None, {"pictures": pictures}
    )
    np.testing.assert_allclose(labels, network.probabilities(pictures), atol=1e-4)
