"""``[tls]`` and the rules of peers: plain DICOM never by a slip of the pen, every fault named, no secret shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from dicom_node.errors import SettingsError
from dicom_node.passcode import hash_passcode
from dicom_node.settings import read_settings
from dicom_node.tls_settings import client_context, server_context
from tests.foreign_programs.certificates import Authority, Pair, openssl

PEER = '[[peers]]\nname = "pacs"\nae_title = "PACS"\nhost = "127.0.0.1"\nport = 104\n'
TLS = '[tls]\ncertificate = "node.crt"\nkey = "node.key"\ntrusted_cas = "cas.pem"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "site-authority")


@pytest.fixture
def pair(authority: Authority, tmp_path: Path) -> Pair:
    """Of the node, beside its node.toml."""
    made = authority.pair("node")
    for source, name in ((made.certificate, "node.crt"), (made.key, "node.key"), (authority.certificate, "cas.pem")):
        (tmp_path / name).write_bytes(source.read_bytes())
        (tmp_path / name).chmod(0o600)
    return Pair(tmp_path / "node.crt", tmp_path / "node.key")


def test_without_the_section_dicom_is_plain(tmp_path: Path) -> None:
    assert not read_settings(write(tmp_path, PEER), {}).tls.on


def test_paths_count_from_the_file_and_a_peer_gets_our_certificate(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, f"{PEER}tls = true\n{TLS}"), {})
    assert settings.tls.on
    assert settings.tls.files == (tmp_path / "node.crt", tmp_path / "node.key", tmp_path / "cas.pem")
    assert settings.peer("pacs").our_tls == settings.tls
    assert settings.tls.require_client_certificate, "unless it is said in words"


def test_the_environment_names_the_key_and_its_password_by_file(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("0815\n")
    environment = {
        "RHEUMASCORE__TLS__KEY_FILE": "/run/secrets/key.pem",
        "RHEUMASCORE__TLS__KEY_PASSWORD_FILE": str(password),
    }
    settings = read_settings(write(tmp_path, TLS), environment)
    assert settings.tls.key == Path("/run/secrets/key.pem")
    assert settings.tls.key_password.reveal() == "0815"


def test_a_passcode_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "passcode").write_text("open sesame\n")
    text = f'{PEER}our_user_name = "node"\nour_passcode_file = "passcode"\n'
    settings = read_settings(write(tmp_path, text), {})
    assert settings.peer("pacs").our_passcode.reveal() == "open sesame"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[tls]\nrequire_client_certificate = true", "tls.certificate: is missing"),
        ('[tls]\ncertificate = "node.crt"', "tls.key: is missing"),
        ('[tls]\ncertificate = "node.crt"', "tls.trusted_cas: is missing"),
        (f'{TLS}minimum_version = "1.1"', "tls.minimum_version: got '1.1', allowed: 1.2, 1.3"),
        (f"{TLS}also_plain_port = 11112", "tls.also_plain_port: got 11112, allowed: a port that is not used yet"),
        (f"{TLS}also_plain_port = 70000", "tls.also_plain_port: got 70000"),
        (f"{TLS}warn_days = -1", "tls.warn_days: got -1"),
        (f"{PEER}tls = true", "allowed: with certificate, key, trusted_cas in [tls]"),
        (f'{PEER}certificate_names = ["pacs"]', "allowed: with certificate, key, trusted_cas in [tls]"),
        (f'{PEER}tls_name = "pacs"', "peers[0].tls_name: got 'pacs', allowed: with tls = true"),
        (f'{PEER}certificate_sha256 = ["ab:cd"]\n{TLS}', "peers[0].certificate_sha256: got 'ab:cd'"),
        (f'{PEER}user_name = "x"', "user_name and passcode_hash are given together"),
        (f'{PEER}user_name = "x"\npasscode_hash = "geheim"', "passcode_hash: allowed: what `rheumascore config hash`"),
        (f'{PEER}our_passcode = "geheim"', "our_user_name and our_passcode are given together"),
        (f'{PEER}our_passcode_file = "nowhere"', "peers[0].our_passcode_file: the file it names cannot be read"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(tmp_path, text), {})
    assert fault in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_fingerprints_are_read_as_openssl_prints_them(tmp_path: Path, pair: Pair) -> None:
    printed = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", pair.certificate).strip().partition("=")[2]
    text = f'{PEER}certificate_sha256 = ["{printed}"]\nuser_name = "x"\npasscode_hash = "{hash_passcode("x")}"\n{TLS}'
    assert read_settings(write(tmp_path, text), {}).peer("pacs").certificate_sha256 == (printed,)


def test_only_suites_with_forward_secrecy_and_authenticated_encryption_are_offered(tmp_path: Path, pair: Pair) -> None:
    section = read_settings(write(tmp_path, TLS), {}).tls
    for context in (server_context(section), client_context(section)):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        for suite in context.get_ciphers():
            assert suite["aead"], suite["name"]
            assert suite["kea"] in ("kx-ecdhe", "kx-any"), suite["name"]
    assert server_context(section).verify_mode == ssl.CERT_REQUIRED
    assert client_context(section).check_hostname


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, pair: Pair) -> None:
    section = read_settings(write(tmp_path, TLS), {}).tls
    pair.key.chmod(0o644)
    with pytest.raises(SettingsError, match=r"tls\.key: .*node\.key has mode 0644, allowed: 0600 or 0640"):
        server_context(section)


def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, pair: Pair, authority: Authority) -> None:
    section = read_settings(write(tmp_path, TLS), {}).tls
    pair.key.write_bytes(authority.pair("other").key.read_bytes())
    with pytest.raises(SettingsError, match="key values mismatch"):
        server_context(section)
    pair.key.unlink()
    with pytest.raises(SettingsError, match=r"node\.key cannot be read"):
        server_context(section)


def test_an_encrypted_key_needs_its_password_and_nobody_is_asked_for_it(tmp_path: Path, pair: Pair) -> None:
    openssl("rsa", "-aes256", "-passout", "pass:sesame", "-in", pair.key, "-out", pair.key)
    pair.key.chmod(0o600)
    with pytest.raises(SettingsError, match=r"tls\.key_password"):
        server_context(read_settings(write(tmp_path, TLS), {}).tls)
    server_context(read_settings(write(tmp_path, f'{TLS}key_password = "sesame"\n'), {}).tls)
