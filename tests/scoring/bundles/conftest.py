"""One bundle for all tests of this folder; who damages it damages a copy."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from scoring.bundles.exporting import export_bundle
from scoring.cards.writing import write_card_files
from scoring.networks.network_ports import PortsOfNetwork
from scoring.spec import SystemSpec
from scoring.systems.hand_joints.onnx_network import write_onnx
from tests.scoring.trained_run import write_evaluation, write_run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SystemSpec:
    """hand_joints with the weights of a run that has its card."""
    folder = tmp_path_factory.mktemp("trained")
    spec = write_run(folder / "run")
    write_card_files(spec, "", write_evaluation(spec, folder / "report"))
    return spec


@pytest.fixture(scope="session")
def exported(trained: SystemSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle, with ONNX."""
    out = tmp_path_factory.mktemp("exported") / "bundle"
    return export_bundle(trained, out, lambda folder: write_onnx(trained, folder))


@pytest.fixture(scope="session")
def small(trained: SystemSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle, with an ONNX file that is quickly made."""
    return export_bundle(trained, tmp_path_factory.mktemp("small") / "bundle", _write_small_onnx)


@pytest.fixture
def bundle(small: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    copied = tmp_path / "bundle"
    shutil.copytree(small, copied)
    return copied


def _write_small_onnx(folder: Path) -> Sequence[PortsOfNetwork]:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3]) for name in ("crops", "erosion")]
    weight = numpy_helper.from_array(np.eye(3, dtype=np.float32), "weight")
    nodes = [helper.make_node("MatMul", ["crops", "weight"], ["raw"]), helper.make_node("Relu", ["raw"], ["erosion"])]
    model = helper.make_model(helper.make_graph(nodes, "small", ends[:1], ends[1:], [weight]))
    (folder / "joint_grader.onnx").write_bytes(model.SerializeToString())
    return ()
