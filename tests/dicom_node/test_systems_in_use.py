"""Which systems a node uses, and with which weights: one line of node.toml, followed by job keys and seal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dicom_node.errors import SettingsError
from dicom_node.health import _weights, examine_node
from dicom_node.routing import RoutingDecision, job_key, weights_fingerprint
from dicom_node.settings import ScoringSection, read_settings
from dicom_node.systems_in_use import as_set, forbidden_weights, systems_in_use
from scoring.catalogue import find_spec, list_systems
from scoring.cli import build_app
from scoring.spec import SystemSpec
from scoring.study import Study, TrialContext
from tests.scoring.trained_run import STATEMENT, write_run

HAND = find_spec("hand_joints")


@pytest.fixture
def run(tmp_path: Path) -> SystemSpec:
    return write_run(tmp_path / "run")


def in_use(scoring: ScoringSection) -> SystemSpec:
    return next(spec for spec in systems_in_use(scoring) if spec.key == "hand_joints")


def test_without_the_line_systems_are_as_they_are_packaged() -> None:
    assert systems_in_use(ScoringSection()) == list_systems()
    assert systems_in_use(ScoringSection(systems=("hand_joints",))) == (HAND,)


def test_other_weights_are_another_job(run: SystemSpec, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text('[scoring.weights]\nhand_joints = "run"\n', encoding="utf-8")
    spec = in_use(read_settings(config, {}).scoring)
    assert spec.weights_files == (tmp_path / "run" / "weights.toml", *HAND.shared_weights)
    assert weights_fingerprint(spec) != weights_fingerprint(HAND)


def test_the_trial_s_protocol_rules_the_systems_that_it_names(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text('[trial]\nprotocol = "trial.toml"\n', encoding="utf-8")
    (tmp_path / "trial.toml").write_text('name = "SSC-204"\n[nailfold]\nfingers = 8\n', encoding="utf-8")
    settings = read_settings(config, {})
    ruled = {spec.key: spec for spec in systems_in_use(settings.scoring, settings.trial)}
    assert ruled["hand_joints"] == HAND
    assert ruled["nailfold"].protocol is not None
    assert ruled["nailfold"] == as_set(find_spec("nailfold"), settings), "listener and worker see the same"
    study = Study("1.2.3", (), TrialContext())
    keys = {job_key(study, RoutingDecision(spec, (), ())) for spec in (find_spec("nailfold"), ruled["nailfold"])}
    assert len(keys) == 2, "other rules are another job, as other weights are"


def test_a_protocol_that_is_wrong_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text('[trial]\nprotocol = "trial.toml"\n', encoding="utf-8")
    (tmp_path / "trial.toml").write_text('name = "SSC-204"\n[nailfold]\nfinger = 8\n', encoding="utf-8")
    done = CliRunner().invoke(build_app(), ["config", "check", str(config)])
    assert isinstance(done.exception, SettingsError)
    assert re.search(
        r"trial\.protocol: got '.*trial\.toml'\. trial\.toml has 1 fault\(s\):\n"
        r"  nailfold\.finger: no such key; allowed: fingers, ",
        str(done.exception),
    )
    doctor = [finding for finding in examine_node(config) if finding.about == "trial protocol"]
    assert [finding.verdict for finding in doctor] == ["wrong"]


def test_the_line_may_come_from_the_environment(run: SystemSpec, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text("", encoding="utf-8")
    settings = read_settings(config, {"RHEUMASCORE__SCORING__WEIGHTS__HAND_JOINTS": "run"})
    assert settings.scoring.weights == {"hand_joints": tmp_path / "run"}


@pytest.mark.parametrize("line", ["weights = 3", "weights = { hand_joints = 3 }", 'weights = ["run"]'])
def test_what_is_no_table_of_folders_is_a_fault(tmp_path: Path, line: str) -> None:
    config = tmp_path / "node.toml"
    config.write_text(f"[scoring]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"scoring\.weights.*allowed: a (table|path)"):
        read_settings(config, {})


def test_a_key_that_no_system_has_and_a_folder_that_is_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"2 fault\(s\)") as raised:
        systems_in_use(ScoringSection(systems=("knees",), weights={"feet": tmp_path}))
    assert "scoring.systems: got 'knees', allowed: hand_joints, " in str(raised.value)
    assert "scoring.weights: got the key 'feet', allowed: hand_joints, " in str(raised.value)
    with pytest.raises(SettingsError, match=r"nowhere has no weights\.toml: it is no run"):
        systems_in_use(ScoringSection(weights={"hand_joints": tmp_path / "nowhere"}))
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "metadata.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match="has no manifest"):
        systems_in_use(ScoringSection(weights={"hand_joints": tmp_path}))


@pytest.mark.parametrize("name", ["weights.toml", "bundle.sha256"])
def test_a_list_of_weights_that_was_changed_is_not_used(run: SystemSpec, tmp_path: Path, name: str) -> None:
    path = tmp_path / "run" / name
    path.write_text(
        path.read_text(encoding="utf-8").replace(STATEMENT, "approved for everything") + "\n", encoding="utf-8"
    )
    if name == "bundle.sha256":
        path.unlink()
    with pytest.raises(SettingsError, match=r"scoring\.weights\.hand_joints: got .*bundle_seal"):
        systems_in_use(ScoringSection(weights={"hand_joints": tmp_path / "run"}))


def test_weights_that_forbid_commercial_use_are_refused_where_that_is_the_use(tmp_path: Path) -> None:
    """Given packaged weights that learnt from films for research only; then `config check` says which, and why."""
    systems_in_use(ScoringSection(systems=("hand_joints",)))
    config = tmp_path / "node.toml"
    config.write_text('[scoring]\ncommercial = true\nsystems = ["hand_joints"]\n', encoding="utf-8")
    done = CliRunner().invoke(build_app(), ["config", "check", str(config)])
    assert isinstance(done.exception, SettingsError)
    assert "scoring.commercial: got true, and joint_grader.safetensors" in str(done.exception)
    assert "non-commercial" in str(done.exception) and "scoring.weights" in str(done.exception)


def test_weights_that_allow_commercial_use_are_used(run: SystemSpec, tmp_path: Path) -> None:
    """Given weights of a centre's own, and shared anatomy whose licence is changed to one that allows it."""
    own, *shared = run.weights_files
    kept = tmp_path / "anatomy.toml"
    kept.write_text(re.sub(r'licence = ".*"', 'licence = "Apache-2.0"', shared[0].read_text("utf-8")), encoding="utf-8")
    allowed = replace(run, weights_files=(own, kept))
    assert forbidden_weights(replace(run, weights_files=(own, shared[0])))
    assert not forbidden_weights(allowed)


def test_a_run_of_another_system_is_refused_before_anything_runs(run: SystemSpec, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text('[scoring.weights]\nsvdh_hands = "run"\n', encoding="utf-8")
    for verb in (["config", "check", str(config)], ["run", "--config", str(config)]):
        done = CliRunner().invoke(build_app(), verb)
        said = str(done.exception)
        assert "scoring.weights.svdh_hands: got" in said
        assert "run/weights.toml: system is 'hand_joints', wanted 'svdh_hands'" in said
    assert not (tmp_path / "data").exists()


def test_the_doctor_looks_at_the_weights_that_are_used(run: SystemSpec, tmp_path: Path) -> None:
    scoring = ScoringSection(weights={"hand_joints": tmp_path / "run"})
    found = {finding.about: finding for finding in _weights(scoring)}["weights hand_joints"]
    assert found.verdict == "odd" and f"its own are of {tmp_path / 'run'}" in found.text
    weights = tmp_path / "run" / "joint_grader.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    found = {finding.about: finding for finding in _weights(scoring)}["weights hand_joints"]
    assert found.verdict == "wrong" and "joint_grader.safetensors was changed" in found.text
