"""The label network: opened only as it was sealed, for pictures of any size, alike for one picture and for many."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import save

from scoring.catalogue import find_spec
from scoring.errors import WeightsError
from scoring.score_rules.nailfold_labels import FEATURES, NAILFOLD_LABELS
from scoring.systems.nailfold.backbones import untrained
from scoring.systems.nailfold.interpretation import explained
from scoring.systems.nailfold.label_shape import LABELS_FILE, LABELS_ROLE, LabelShape, label_shape_text
from scoring.systems.nailfold.network import NETWORK_ROLE, LabelNetwork
from scoring.systems.nailfold.onnx_network import write_onnx
from scoring.weights import WeightRecord, WeightsRecord

SMALL = LabelShape(
    "part_network", {"widths": [4, 4, 8, 8]}, 48, 64, dict.fromkeys(NAILFOLD_LABELS, 0.25), mirrored=True
)
CONVNEXT = LabelShape("test_convnext2", {}, 64, 64, dict.fromkeys(NAILFOLD_LABELS, 0.5))


def written(folder: Path, shape: LabelShape) -> WeightsRecord:
    """A network by chance, as a training run leaves it."""
    torch.manual_seed(1)
    module = untrained(shape.backbone, shape.options)
    contents = {NETWORK_ROLE: save(module.state_dict()), LABELS_ROLE: label_shape_text(shape).encode()}
    names = {NETWORK_ROLE: "label_network.safetensors", LABELS_ROLE: LABELS_FILE}
    records = []
    for role, content in contents.items():
        (folder / names[role]).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        records.append(WeightRecord(role, folder / names[role], digest, "none", "nothing", (), "a test", True))
    return WeightsRecord("weights of a test", tuple(records), "nailfold")


def photographs(*sizes: tuple[int, int]) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    chance = np.random.default_rng(2)
    return [chance.integers(0, 255, (*size, 3), np.uint8) for size in sizes]


@pytest.mark.parametrize("shape", [SMALL, CONVNEXT], ids=lambda shape: shape.backbone)
def test_one_picture_and_many_are_judged_alike(tmp_path: Path, shape: LabelShape) -> None:
    network = LabelNetwork.open(written(tmp_path, shape))
    pictures = np.stack([network.picture(one) for one in photographs((300, 400), (400, 300), (50, 50))])
    together = network.probabilities(pictures)
    assert together.shape == (3, len(NAILFOLD_LABELS)) and ((together > 0) & (together < 1)).all()
    for number, picture in enumerate(pictures):
        np.testing.assert_allclose(network.probabilities(picture[None])[0], together[number], atol=1e-6)
    assert network.thresholds == shape.thresholds


def test_a_mirror_image_is_judged_alike(tmp_path: Path) -> None:
    network = LabelNetwork.open(written(tmp_path, SMALL))
    picture = network.picture(photographs((300, 400))[0])[None]
    np.testing.assert_allclose(network.probabilities(picture), network.probabilities(picture[..., ::-1]), atol=1e-6)


@pytest.mark.parametrize("shape", [SMALL, CONVNEXT], ids=lambda shape: shape.backbone)
def test_the_pass_that_explains_judges_alike_packed_or_not(tmp_path: Path, shape: LabelShape) -> None:
    record = written(tmp_path, shape)
    network = LabelNetwork.open(record)
    pictures = np.stack([network.picture(one) for one in photographs((300, 400), (50, 50))])
    for asked in (network, LabelNetwork.open(record).packed()):
        seen = explained(asked, pictures)
        np.testing.assert_allclose(seen.probabilities, network.probabilities(pictures), atol=1e-6)
        hottest = seen.probabilities[:, [NAILFOLD_LABELS.index(label) for label in FEATURES]].max(1)
        assert seen.heat.shape[0] == 2 and seen.heat.min() >= 0 and (seen.heat.max((1, 2)) <= hottest + 1e-6).all()
        assert seen.heat.max() > 0, "it looked somewhere"


def test_a_picture_of_other_proportions_is_seen_whole_on_black(tmp_path: Path) -> None:
    network = LabelNetwork.open(written(tmp_path, SMALL))
    upright = network.picture(np.full((400, 300, 3), 255, np.uint8))
    assert upright.shape == (3, 48, 64)
    assert upright[:, :, 14:50].min() == 1 and upright[:, :, :13].max() == 0 and upright[:, :, 51:].max() == 0
    floats = network.picture(np.full((400, 300, 3), 1.0, np.float32))
    assert (floats == upright).all()


def test_a_threshold_that_was_moved_is_refused(tmp_path: Path) -> None:
    record = written(tmp_path, SMALL)
    path = tmp_path / LABELS_FILE
    path.write_text(path.read_text(encoding="utf-8").replace("giant = 0.25", "giant = 0.9"), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"labels\.toml was changed"):
        LabelNetwork.open(record)


@pytest.mark.parametrize(
    ("found", "instead"), [("giant = 0.25", "giant = 1.5"), ("rows = 48\n", ""), ("[thresholds]", "[thresh")]
)
def test_a_shape_that_makes_no_sense_is_refused(tmp_path: Path, found: str, instead: str) -> None:
    network, labels = written(tmp_path, SMALL).files
    content = labels.path.read_bytes().replace(found.encode(), instead.encode())
    labels.path.write_bytes(content)
    labels = replace(labels, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(WeightsError, match=r"labels\.toml does not say what the label network is"):
        LabelNetwork.open(WeightsRecord("", (network, labels)))


def test_it_answers_in_onnx_as_in_torch(tmp_path: Path) -> None:
    from scoring.learning.weights_record import write_weights_record

    record = written(tmp_path, SMALL)
    write_weights_record(tmp_path / "weights.toml", record)
    (ports,) = write_onnx(find_spec("nailfold").with_weights(tmp_path), tmp_path)
    network = LabelNetwork.open(record)
    pictures = np.stack([network.picture(one) for one in photographs((96, 128), (96, 128), (60, 60))])
    (said,) = onnxruntime.InferenceSession(tmp_path / f"{ports.role}.onnx").run(None, {"pictures": pictures})
    np.testing.assert_allclose(said, network.probabilities(pictures), atol=1e-4)
