"""Calling a peer over TLS: real archives, their certificates right and wrong, and what `echo` says of it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from dicom_node.delivery.association_to_peer import associate, presentation_context
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.delivery.store_scu import echo, open_association
from dicom_node.errors import DestinationUntrustedError
from dicom_node.health import examine_node
from dicom_node.peers import Peer
from dicom_node.secret import Secret
from dicom_node.tls_settings import TlsSection
from tests.dicom_node.delivery.finished_objects import finished_picture
from tests.foreign_programs.certificates import Authority, Pair, self_signed
from tests.foreign_programs.dcmtk import over_tls
from tests.foreign_programs.programs import free_port
from tests.foreign_programs.storescp import StoreScp

TITLE = "RHEUMASCORE"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "site-authority")


@pytest.fixture(scope="module")
def ours(authority: Authority) -> TlsSection:
    pair = authority.pair("node")
    return TlsSection(certificate=pair.certificate, key=pair.key, trusted_cas=authority.certificate)


@pytest.fixture(scope="module")
def archive_pair(authority: Authority) -> Pair:
    return authority.pair("archive")


@pytest.fixture
def archive(tmp_path: Path, authority: Authority, archive_pair: Pair) -> Iterator[StoreScp]:
    picture = read_part10(finished_picture().content)
    with StoreScp(tmp_path, picture.sop_class_uid, options=over_tls(archive_pair, authority.certificate)) as running:
        yield running


def peer_at(port: int, ours: TlsSection, **keys: str) -> Peer:
    return replace(Peer("archive", "ARCHIVE", "127.0.0.1", port, tls=True, our_tls=ours), **keys)


def test_echo_says_version_cipher_and_the_end_of_the_certificate(
    archive: StoreScp, ours: TlsSection, archive_pair: Pair
) -> None:
    answer = echo(peer_at(archive.port, ours), TITLE)
    assert answer.alive, answer.text
    assert answer.tls is not None
    assert answer.tls.version in ("TLSv1.2", "TLSv1.3")
    assert "GCM" in answer.tls.cipher or "CHACHA20" in answer.tls.cipher
    assert answer.tls.certificate.sha256 == archive_pair.sha256


def test_an_object_is_stored_over_tls_byte_for_byte(archive: StoreScp, ours: TlsSection) -> None:
    # given
    outgoing = read_part10(finished_picture().content)
    kinds = frozenset({(outgoing.sop_class_uid, outgoing.transfer_syntax_uid)})

    # when
    with open_association(peer_at(archive.port, ours), TITLE, kinds) as way:
        answer = way.send(outgoing)

    # then
    assert answer.verdict == "sent"
    [kept] = (archive.folder / "kept").iterdir()
    assert dcmread(kept).SOPInstanceUID == outgoing.sop_instance_uid
    assert read_part10(kept.read_bytes()).data_set == outgoing.data_set


def test_a_certificate_with_another_name_is_refused_unless_that_name_is_expected(
    tmp_path: Path, authority: Authority, ours: TlsSection
) -> None:
    named = authority.pair("pacs-by-name", names="DNS:pacs.hospital.example")
    with StoreScp(tmp_path, options=over_tls(named, authority.certificate)) as archive:
        refused = echo(peer_at(archive.port, ours), TITLE)
        assert not refused.alive
        assert "IP address mismatch" in refused.text
        assert echo(peer_at(archive.port, ours, tls_name="pacs.hospital.example"), TITLE).alive


@pytest.mark.parametrize("fault", ["certificate has expired", "self-signed certificate", "unable to get local issuer"])
def test_a_certificate_that_cannot_be_trusted_ends_it_with_its_reason(
    tmp_path: Path, authority: Authority, ours: TlsSection, fault: str
) -> None:
    wrong = {
        "certificate has expired": lambda: authority.pair("ended-archive", days=0),
        "self-signed certificate": lambda: self_signed(tmp_path, "alone"),
        "unable to get local issuer": lambda: Authority(tmp_path, "elsewhere").pair("archive"),
    }[fault]()
    with (
        StoreScp(tmp_path / "scp", options=over_tls(wrong, authority.certificate)) as archive,
        pytest.raises(DestinationUntrustedError) as caught,
    ):
        associate(peer_at(archive.port, ours), TITLE, [presentation_context(Verification, "1.2.840.10008.1.2")])
    assert fault in str(caught.value)
    assert caught.value.at_the_door, "tried again later: nothing is lost while somebody renews it"


def test_an_archive_that_refuses_our_certificate_is_told_apart(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority(tmp_path, "elsewhere").pair("node")
    foreign = TlsSection(certificate=stranger.certificate, key=stranger.key, trusted_cas=authority.certificate)
    with StoreScp(tmp_path / "scp", options=over_tls(authority.pair("archive-2"), authority.certificate)) as archive:
        answer = echo(peer_at(archive.port, foreign), TITLE)
    assert not answer.alive
    assert "does not trust our certificate" in answer.text


def test_an_archive_without_tls_is_told_apart(tmp_path: Path, ours: TlsSection) -> None:
    with StoreScp(tmp_path) as archive:
        answer = echo(peer_at(archive.port, ours), TITLE)
    assert not answer.alive
    assert "No TLS with archive" in answer.text


def test_our_own_broken_files_are_a_reason_to_try_again_later(ours: TlsSection, tmp_path: Path) -> None:
    broken = replace(ours, key=tmp_path / "gone.key")
    with pytest.raises(DestinationUntrustedError, match=r"tls.key: .*gone.key cannot be read"):
        associate(peer_at(free_port(), broken), TITLE, [presentation_context(Verification, "1.2.840.10008.1.2")])


def test_we_show_user_name_and_passcode_where_the_entry_names_them(authority: Authority, ours: TlsSection) -> None:
    # given
    shown: list[tuple[bytes, bytes]] = []

    def identify(event: evt.Event) -> tuple[bool, None]:
        shown.append((event.primary_field, event.secondary_field))
        return event.secondary_field == b"right", None

    pair = authority.pair("identifying")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    entity = AE("ARCHIVE")
    entity.add_supported_context(Verification)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_USER_ID, identify)], ssl_context=context
    )
    port = server.socket.getsockname()[1]

    # when
    right = replace(peer_at(port, ours), our_user_name="node", our_passcode=Secret("right"))
    answers = [echo(peer, TITLE).alive for peer in (right, replace(right, our_passcode=Secret("wrong")))]
    server.shutdown()

    # then
    assert answers == [True, False]
    assert shown == [(b"node", b"right"), (b"node", b"wrong")]


def test_echo_and_doctor_say_it_in_words(
    archive: StoreScp, ours: TlsSection, archive_pair: Pair, authority: Authority, tmp_path: Path
) -> None:
    # given
    config = tmp_path / "node.toml"
    config.write_text(
        f"""
        [node]
        port = {free_port()}
        [web]
        port = {free_port()}
        [tls]
        certificate = "{ours.certificate}"
        key = "{ours.key}"
        trusted_cas = "{authority.certificate}"
        warn_days = 10000
        [[peers]]
        name = "archive"
        ae_title = "ARCHIVE"
        host = "127.0.0.1"
        port = {archive.port}
        tls = true
        """
    )

    # when
    command = [sys.executable, "-m", "scoring.cli", "echo", "--config", str(config)]
    in_words = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    as_json = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120, check=False).stdout
    findings = {finding.about: finding for finding in examine_node(config)}

    # then
    assert "over TLSv1." in in_words and "its certificate ends on" in in_words
    assert json.loads(as_json)[0]["tls"]["certificate_sha256"] == archive_pair.sha256
    assert findings["TLS certificate"].verdict == "odd"
    assert "ends on" in findings["TLS certificate"].text
    assert "TLSv1." in findings["peer archive"].text
