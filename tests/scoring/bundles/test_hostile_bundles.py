"""What a bundle from somebody else may hold: each thing has one clear answer, and nothing of the bundle is left."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.bundles import importing
from scoring.bundles.checking import check_bundle
from scoring.bundles.importing import import_bundle
from scoring.bundles.manifest import write_manifest
from scoring.bundles.onnx_file import check_onnx
from scoring.bundles.safetensors_header import check_safetensors
from scoring.catalogue import find_spec
from scoring.errors import BundleError
from scoring.spec import SystemSpec
from scoring.weights import WeightsRecord

HAND = find_spec("hand_joints")
WEIGHTS = "models/joint_grader.safetensors"
ONNX = "models/joint_grader.onnx"
METADATA = "configs/metadata.json"
Damage = Callable[[Path], None]


def with_file(name: str, content: bytes = b"x") -> Damage:
    """The bundle with one more file, or another content of one; the manifest is left as it is."""

    def damage(bundle: Path) -> None:
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(content)

    return damage


def sealed(damage: Damage) -> Damage:
    """The same by somebody who also writes the manifest anew."""

    def damage_and_seal(bundle: Path) -> None:
        damage(bundle)
        write_manifest(bundle)

    return damage_and_seal


def relisted(content: bytes) -> Damage:
    """Other bytes as weights, with their hash in weights.toml and manifest: only their content tells."""

    def damage(bundle: Path) -> None:
        record = bundle / "models" / "weights.toml"
        before = hashlib.sha256((bundle / WEIGHTS).read_bytes()).hexdigest()
        after = hashlib.sha256(content).hexdigest()
        (bundle / WEIGHTS).write_bytes(content)
        record.write_text(record.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")

    return sealed(damage)


def link(name: str) -> Damage:
    def damage(bundle: Path) -> None:
        (bundle / name).unlink()
        (bundle / name).symlink_to("/etc/hostname")

    return damage


def manifest_line(line: str) -> Damage:
    def damage(bundle: Path) -> None:
        with (bundle / "manifest.sha256").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return damage


def weights_toml(old: str, new: str) -> Damage:
    def damage(bundle: Path) -> None:
        path = bundle / "models" / "weights.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return sealed(damage)


def metadata(change: Callable[[dict[str, object]], object]) -> Damage:
    def damage(bundle: Path) -> None:
        content = json.loads((bundle / METADATA).read_text(encoding="utf-8"))
        change(content["rheumascore"])
        (bundle / METADATA).write_text(json.dumps(content), encoding="utf-8")

    return sealed(damage)


def external_data(bundle: Path) -> None:
    model = onnx.load(bundle / ONNX)
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    (bundle / ONNX).write_bytes(model.SerializeToString())


def hidden_external_data(bundle: Path) -> None:
    """In an attribute of a node of a function, where a look at the graph's own tensors finds nothing."""
    model = onnx.load(bundle / ONNX)
    tensor = onnx.TensorProto(name="t", data_type=1, dims=[1])
    tensor.external_data.add(key="location", value="/etc/passwd")
    node = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    model.functions.append(onnx.FunctionProto(name="f", domain="", node=[node]))
    (bundle / ONNX).write_bytes(model.SerializeToString())


def foreign_operator(bundle: Path) -> None:
    model = onnx.load(bundle / ONNX)
    model.graph.node[0].domain = "com.example"
    (bundle / ONNX).write_bytes(model.SerializeToString())


def remove(name: str) -> Damage:
    return lambda bundle: (bundle / name).unlink()


def header(text: str, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text.encode() + data


def huge_number(bundle: Path) -> None:
    path = bundle / METADATA
    content = path.read_text(encoding="utf-8").replace('"changelog"', f'"huge": {"9" * 5000}, "changelog"')
    path.write_text(content, encoding="utf-8")


EVIL = pickle.dumps(os.system)

HOSTILE: dict[str, tuple[Damage, str]] = {
    "one file too many": (with_file("docs/more.md"), r"docs/more\.md is not in the manifest"),
    "a program": (with_file("scripts/run.py"), r"'scripts/run\.py' may not be in a bundle"),
    "a pickle beside the weights": (with_file("models/model.pt", EVIL), r"'models/model\.pt' may not be in a bundle"),
    "configuration to be executed": (with_file("configs/inference.json", b'{"a": "$import os"}'), "never taken in"),
    "a hidden file": (with_file("models/.joint.toml"), "may not be in a bundle"),
    "a file that is gone": (remove(ONNX), r"joint_grader\.onnx is missing; the manifest lists it"),
    "no manifest": (remove("manifest.sha256"), "has no manifest.sha256"),
    "no metadata": (sealed(remove(METADATA)), "has no configs/metadata.json"),
    "another hash": (with_file(WEIGHTS, b"other"), r"joint_grader\.safetensors was changed: SHA-256 is"),
    "a way out in the manifest": (manifest_line(f"{'0' * 64}  ../../etc/passwd"), "names '../../etc/passwd'"),
    "a way out by the root": (manifest_line(f"{'0' * 64}  /etc/passwd"), "names '/etc/passwd'"),
    "a name twice": (manifest_line(f"{'0' * 64}  LICENSE"), "names a file twice"),
    "no manifest's line": (manifest_line("hello"), "is no hash and name"),
    "a link in place of a file": (link(ONNX), "is a link"),
    "a way out in weights.toml": (
        weights_toml('file = "joint_grader', 'file = "../../joint_grader'), "must be a name without a folder"
    ),
    "a weight that is not there": (weights_toml('file = "joint_grader', 'file = "other'), "another or none"),
    "a list that is no TOML": (sealed(with_file("models/weights.toml", b"= =")), "not the text it should be"),
    "a file that no list names": (sealed(with_file("models/more.json", b"{}")), "nothing that is not listed"),
    "a pickle as weights": (relisted(EVIL), "is a pickle under another name"),
    "a torch archive as weights": (relisted(b"PK\x03\x04" + b"0" * 99), "is a pickle under another name"),
    "weights that are none": (relisted(b"no weights at all"), "is no safetensors file"),
    "a header of 2^63 bytes": (relisted(struct.pack("<Q", 1 << 63) + b"{}"), "would have 9223372036854775808"),
    "a shape past all memory": (
        relisted(header('{"t": {"dtype": "F32", "shape": [999999999999, 999999999999], "data_offsets": [0, 0]}}')),
        "says a shape of 999999999998000000000001 values for 0 bytes",
    ),
    "a tensor before its file": (
        relisted(header('{"t": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}')),
        "no number format, shape and place",
    ),
    "bytes of no tensor": (relisted(header("{}", b"hidden")), "leave gaps, overlap, or end elsewhere"),
    "metadata of a million digits": (sealed(huge_number), "is out of range"),
    "metadata that is nested": (sealed(with_file(METADATA, b"[" * 100_000)), "nested too deeply"),
    "metadata that is no number": (sealed(with_file(METADATA, b'{"a": NaN}')), "NaN is no number"),
    "metadata of infinity": (sealed(with_file(METADATA, b'{"a": 1e999}')), "is out of range"),
    "a key twice": (sealed(with_file(METADATA, b'{"a": 1, "a": 2}')), "a key stands in it twice"),
    "metadata of others": (sealed(with_file(METADATA, b"{}")), "no bundle of a system of ours"),
    "metadata with more keys": (metadata(lambda ours: ours.update(run="$import os")), "must hold the texts"),
    "metadata of another system": (metadata(lambda ours: ours.update(system="feet")), "is of system 'feet'"),
    "metadata of other weights": (metadata(lambda ours: ours.update(weights_digest="0")), "is of weights digest '0'"),
    "ONNX with its data elsewhere": (sealed(external_data), "values lie in another file"),
    "ONNX that hides it in a function": (sealed(hidden_external_data), "values lie in another file"),
    "ONNX with foreign operators": (sealed(foreign_operator), "operators that are not ONNX's own"),
    "ONNX that is none": (sealed(with_file(ONNX, b"\x80\x04pickle")), "is no ONNX model"),
    "ONNX that is empty": (sealed(with_file(ONNX, b"")), "is empty"),
    "a card that is no text": (sealed(with_file("docs/README.md", b"\xff\xfe")), "not the text it should be"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_bundle_has_one_answer_and_leaves_nothing(
    bundle: Path, tmp_path: Path, damage: Damage, said: str
) -> None:
    # given
    damage(bundle)
    # when it is to be taken in, or scored with as it lies
    for use in (take_in, check_bundle_as_it_lies):
        with pytest.raises(BundleError, match=said) as caught:
            use(bundle, tmp_path / "taken")
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    # then
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def take_in(bundle: Path, out: Path) -> None:
    import_bundle(HAND, bundle, out)


def check_bundle_as_it_lies(bundle: Path, out: Path) -> None:
    check_bundle(bundle, HAND)


def test_a_bundle_that_is_changed_while_it_is_read_is_taken_as_it_was_or_not_at_all(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: somebody who changes the weights once they were looked at
    def check_and_change(folder: Path, spec: SystemSpec) -> WeightsRecord:
        record = check_bundle(folder, spec)
        (bundle / WEIGHTS).write_bytes(EVIL)
        return record

    before = (bundle / WEIGHTS).read_bytes()
    monkeypatch.setattr(importing, "check_bundle", check_and_change)
    # when
    import_bundle(HAND, bundle, tmp_path / "taken")
    # then what was looked at is what is there
    assert (tmp_path / "taken" / "joint_grader.safetensors").read_bytes() == before


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    for look in (check_onnx, check_safetensors):
        with contextlib.suppress(BundleError):
            look(path, "any")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), end=st.integers(1, 10_000))
def test_a_changed_onnx_file_never_ends_in_a_crash(
    small: Path, tmp_path: Path, place: int, byte: int, end: int
) -> None:
    content = bytearray((small / ONNX).read_bytes()[:end])
    content[place % len(content)] = byte
    path = tmp_path / "changed.onnx"
    path.write_bytes(content)
    with contextlib.suppress(BundleError):
        check_onnx(path, "changed.onnx")
