"""node.toml is checked whole: every fault in one go, each with what it got and what is allowed."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from dicom_node.errors import SettingsError
from dicom_node.peers import Peer
from dicom_node.receiving.admission import Admission, Admitted, Caller
from dicom_node.receiving.rejections import Rejection
from dicom_node.secret import Secret
from dicom_node.settings import NodeSettings, keys_of, read_settings

MINIMAL = """
[node]
ae_title = "RHEUMASCORE"
host = "127.0.0.1"
port = 11112
data_dir = "./data"
quiet_seconds = 5
max_wait_seconds = 600
[web]
host = "127.0.0.1"
port = 8080
[[peers]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
port = 4242
may_send = true
receives_results = true
sr_sop_class = "comprehensive"
storage_commitment = true
[scoring]
accept_demonstration_weights = true
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_promised_minimal_file_works(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, MINIMAL), {})
    assert settings.node.data_dir == tmp_path / "data"
    assert [p.name for p in settings.destinations] == ["pacs"]
    assert settings.scoring.accept_demonstration_weights


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, ""), {})
    assert not settings.scoring.accept_demonstration_weights
    assert settings.node.host == settings.web.host == "127.0.0.1"


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = '[node]\nprot = 1\nquiet_seconds = "soon"\n[cloud]\nx = 1\n[[peers]]\nname = "a"\n'
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, text), {})
    message = str(caught.value)
    for named in ("node.prot: no such key", "node.quiet_seconds: got 'soon'", "[cloud]: no such section"):
        assert named in message
    assert "peers[0].ae_title: is missing" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[node]\nport = 70000", "node.port: got 70000, allowed: 1 to 65535"),
        ('[node]\nae_title = "A\\\\B"', "without backslash"),
        ("[node]\nquiet_seconds = 5\nmax_wait_seconds = 1", "at least quiet_seconds"),
        ("[node]\nport = 8080", "another port than node.port"),
        ('[queue]\nurl = "kafka://x"', "queue.url"),
        ('[database]\nurl = "mysql://x"', "database.url"),
        ("[node", "cannot be read"),
        ("[web]\nport = true", "web.port: got True, allowed: a whole number"),
    ],
)
def test_a_contradiction_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=r"fault|cannot be read") as caught:
        read_settings(write(tmp_path, text), {})
    assert message in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="config example"):
        read_settings(tmp_path / "none.toml", {})


def test_the_environment_overrides_and_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("amqp://guest@localhost\n", encoding="utf-8")
    settings = read_settings(
        write(tmp_path, MINIMAL),
        {"RHEUMASCORE__NODE__PORT": "11113", "RHEUMASCORE__QUEUE__URL_FILE": str(secret), "OTHER": "x"},
    )
    assert (settings.node.port, settings.queue.url) == (11113, Secret("amqp://guest@localhost"))


def test_the_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    text = files("dicom_node").joinpath("node.example.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    settings = read_settings(write(tmp_path, text), {})
    assert set(raw) == {f.name for f in fields(NodeSettings)} - {"source"}
    for section in ("node", "web", "tls", "scoring", "trial", "database", "queue", "limits"):
        assert set(raw[section]) == {f.name for f in fields(getattr(settings, section))}
    assert set(raw["peers"][0]) == set(keys_of(Peer))
    defaults = read_settings(write(tmp_path, "[node]\n"), {})
    for section in ("node", "web", "tls", "scoring", "trial", "database", "queue", "limits"):
        assert getattr(settings, section) == getattr(defaults, section)


@pytest.mark.parametrize(
    ("title", "address", "known"),
    [
        ("ORTHANC", "127.0.0.1", True),
        ("ORTHANC", "::1", True),
        ("ORTHANC", "::ffff:127.0.0.1", True),
        ("ORTHANC", "10.0.0.9", False),
        ("STRANGER", "127.0.0.1", False),
        ("CLUSTER2", "10.0.0.5", True),
    ],
)
def test_only_a_peer_that_may_send_is_found(title: str, address: str, known: bool) -> None:
    peers = (
        Peer("gone", "ORTHANC", "no-such-host.invalid", 4242, may_send=True),
        Peer("archive", "ORTHANC", "localhost", 4242, may_send=True, ae_titles=("CLUSTER2",), hosts=("10.0.0.5",)),
        Peer("viewer", "STRANGER", "127.0.0.1", 104),
    )
    answer = Admission(NodeSettings(peers=peers)).admit(Caller(title, "RHEUMASCORE", address))
    assert isinstance(answer, Admitted) is known


@pytest.mark.parametrize(
    ("title", "address", "words"),
    [
        ("VIEWER", "127.0.0.1", "a peer without may_send"),
        ("VIEWER", "10.0.0.9", "a peer with other hosts"),
        ("STRANGER", "127.0.0.1", "not recognised"),
    ],
)
def test_the_log_says_what_the_settings_lack_and_the_caller_learns_nothing(
    title: str, address: str, words: str
) -> None:
    viewer = Peer("viewer", "VIEWER", "127.0.0.1", 104)
    answer = Admission(NodeSettings(peers=(viewer,))).admit(Caller(title, "RHEUMASCORE", address))
    assert isinstance(answer, Rejection)
    assert words in answer.words
    assert (answer.result, answer.source, answer.reason) == (1, 1, 3)


def test_wishes_of_a_destination_are_words_of_a_fixed_set(tmp_path: Path) -> None:
    peer = '[[peers]]\nname = "pacs"\nae_title = "PACS"\nhost = "127.0.0.1"\nport = 104\n'
    [read] = read_settings(write(tmp_path, peer), {}).peers
    assert (read.sr_sop_class, read.extras, read.picture_transfer_syntax) == (None, (), "explicit")
    good = (
        'extras = ["pdf", "key_object"]\nsr_sop_class = "basic_text"\npicture_transfer_syntax = "jpeg2000_lossless"\n'
    )
    [read] = read_settings(write(tmp_path, peer + good), {}).peers
    assert (read.sr_sop_class, read.extras) == ("basic_text", ("pdf", "key_object"))
    with pytest.raises(SettingsError) as raised:
        read_settings(write(tmp_path, peer + 'extras = ["pdf", "gsps"]\nsr_sop_class = "sr"\n'), {})
    assert "peers[0].extras[1]: got 'gsps', allowed: multiframe, segmentation, pdf, key_object" in str(raised.value)
    assert "peers[0].sr_sop_class: got 'sr', allowed: comprehensive3d, comprehensive," in str(raised.value)
    with pytest.raises(SettingsError, match="extras: got 'pdf', allowed: a list of multiframe, segmentation"):
        read_settings(write(tmp_path, peer + 'extras = "pdf"\n'), {})


def test_retention_and_alerts_say_what_is_wrong_without_repeating_addresses(tmp_path: Path) -> None:
    """Given half a day, a mail without sender and with a password in the clear, and a webhook that is a file."""
    config = tmp_path / "node.toml"
    config.write_text(
        """
        [retention]
        delivered_days = 0.5
        [alerts]
        smtp_host = "mail"
        smtp_tls = "none"
        smtp_password = "pass word"
        webhook_url = "file:///secret"
        """
    )
    with pytest.raises(SettingsError) as faults:
        read_settings(config, {})
    words = str(faults.value)
    for fault in (
        "retention.delivered_days: got 0.5, allowed: 0 (for ever) or at least 1 day",
        "alerts.email_to: is empty",
        "alerts.email_from: got ''",
        'alerts.smtp_tls: got "none", allowed with a password: starttls, tls',
        "alerts.webhook_url: allowed: http://",
    ):
        assert fault in words
    assert "secret" not in words
    assert "pass word" not in words
