"""Hazard N14 and who may connect over TLS: every caller that does not belong is refused, with its reason, and counted.

Real programs call: DCMTK, ``openssl s_client``, and the senders of the other hazards through Python's own TLS.
"""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import pytest
from pynetdicom import AE
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from dicom_node.local_files import dataset_digest
from tests.dicom_node.receiving.instances import CR, encoded, radiograph, write_file
from tests.dicom_node.receiving.raw_sender import ABORT, AC, RJ, VERIFICATION, RawSender
from tests.foreign_programs.certificates import Authority, Pair, self_signed
from tests.foreign_programs.chaos_proxy import ChaosProxy, Fault
from tests.foreign_programs.dcmtk import echoscu, over_tls, storescu
from tests.foreign_programs.programs import wait_until
from tests.hazards import slow_tls_peers as slow
from tests.hazards.attacked_node import SUCCESS
from tests.hazards.slow_tls_peers import SlowTlsPeers
from tests.hazards.tls_node import PASSCODE, TlsNode, context_of

_GUESSES: Final = 24
_ONE_GUESS: Final = 16 << 20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsNode]:
    node = TlsNode(tmp_path_factory.mktemp("node"), Authority(tmp_path_factory.mktemp("authority"), "site-authority"))
    try:
        node.start()
        yield node
        assert node.stop() == 0, "after all of it, it still stops as told"
    finally:
        node.kill()


@pytest.fixture(scope="module", autouse=True)
def slow_peers(running: TlsNode) -> Iterator[SlowTlsPeers]:
    """They begin before the first test; their time runs beside the others."""
    with SlowTlsPeers(running) as peers:
        yield peers


@pytest.fixture
def node(running: TlsNode) -> Iterator[TlsNode]:
    """An association that was there before must live through the test undisturbed."""
    with running.sender("HONEST") as beside:
        assert beside.associate().kind == AC
        yield running
        assert beside.echo().status == SUCCESS
        assert beside.store_one() == SUCCESS
        beside.end()


def refused(node: TlsNode, reason: str, call: Callable[[], object]) -> None:
    """After this call the log has one more line with this reason, and the audit trail knows it."""
    before = sum(line["reason"] == reason for line in node.events("tls_refused"))
    call()
    wait_until(
        f"“{reason}” is in the log",
        lambda: sum(line["reason"] == reason for line in node.events("tls_refused")) > before,
    )
    wait_until("and in the audit trail", lambda: reason in node.audit_events.get("tls_refused", ()))


def ends_of(node: TlsNode, calling: str) -> list[str]:
    """How the associations of this caller ended."""
    return [line["how"] for line in node.events("association_ended") if line["calling"] == calling]


# Who is let in


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_n14_tls_of_today_is_spoken_with_forward_secrecy(node: TlsNode, version: str) -> None:
    pair = node.sender_pair
    said = node.s_client(version, "-cert", pair.certificate, "-key", pair.key)
    assert "Verify return code: 0 (ok)" in said
    assert "Cipher is TLS_AES_256_GCM_SHA384" in said or "Cipher is ECDHE-RSA-AES256-GCM-SHA384" in said


def test_n14_dcmtk_echoes_and_stores_over_tls(node: TlsNode, tmp_path: Path) -> None:
    # given
    image = radiograph()
    node.unanswered.add(image.SOPInstanceUID)
    path = write_file(tmp_path / "image.dcm", image)
    options = over_tls(node.sender_pair, node.authority.certificate)

    # when
    echoed = echoscu(node.port, options=options)
    stored = storescu(node.port, path, options=options)

    # then
    assert echoed.returncode == 0, echoed.stderr
    assert stored.returncode == 0, stored.stderr
    assert image.SOPInstanceUID in {row.sop_instance_uid for row in node.rows}


def test_n14_one_half_megabyte_image_in_many_records_is_kept_byte_for_byte(node: TlsNode) -> None:
    image = radiograph(PixelData=bytes(range(256)) * 2048, Rows=512, Columns=1024)
    with node.sender() as sender:
        assert sender.associate().kind == AC
        assert sender.store(CR, image.SOPInstanceUID, encoded(image)).status == SUCCESS
        sender.end()


def test_n14_a_bit_flipped_on_the_way_ends_the_association_and_keeps_nothing(node: TlsNode, tmp_path: Path) -> None:
    """Given DCMTK sending over TLS, and a wire that flips one bit of the pixels; when the wire is whole again; then the
    image comes as it is, and nothing else was ever kept: TLS sees what plain DICOM cannot."""
    image = radiograph(PixelData=bytes(range(256)) * 2048, Rows=512, Columns=1024)
    uid, path = image.SOPInstanceUID, write_file(tmp_path / "image.dcm", image)
    options = over_tls(node.sender_pair, node.authority.certificate)
    with ChaosProxy(node.port, Fault(flip_at=100_000)) as wire:
        assert storescu(wire.port, path, calling="DISTANT", options=options).returncode
        [how] = wait_until("the association ends", partial(ends_of, node, "DISTANT"))
        assert "SSL" in how
        wait_until("nothing half-written is left", lambda: not node.leftovers)
        assert uid not in {row.sop_instance_uid for row in node.rows}
        wire.healthy()
        node.unanswered.add(uid)
        assert storescu(wire.port, path, calling="DISTANT", options=options).returncode == 0
    assert [row.content_sha256 for row in node.rows if row.sop_instance_uid == uid] == [dataset_digest(path)]


def test_n14_a_plain_port_that_is_named_takes_plain_callers(node: TlsNode) -> None:
    assert echoscu(node.plain_port).returncode == 0
    with RawSender(node.plain_port) as caller:
        answer = caller.associate(calling="ALWAYSTLS")
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (1, 1, 3)), "but not of a peer that is to use TLS"


# Who is not


def test_n14_tls_before_1_2_is_refused(node: TlsNode) -> None:
    pair = node.sender_pair
    for version in ("-tls1", "-tls1_1"):
        old = (version, "-cipher", "DEFAULT@SECLEVEL=0", "-cert", pair.certificate, "-key", pair.key)
        refused(node, "TLS older than allowed", lambda old=old: node.s_client(*old))


@pytest.mark.parametrize("suite", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-SHA"])
def test_n14_suites_without_forward_secrecy_or_authenticated_encryption_are_refused(node: TlsNode, suite: str) -> None:
    pair = node.sender_pair
    weak = ("-tls1_2", "-cipher", suite, "-cert", pair.certificate, "-key", pair.key)
    refused(node, "no cipher suite in common", lambda: node.s_client(*weak))


def test_n14_a_caller_without_certificate_is_refused(node: TlsNode) -> None:
    refused(node, "no certificate", lambda: node.s_client("-tls1_2"))
    refused(node, "no certificate", lambda: node.s_client("-tls1_3"))


def test_n14_a_certificate_of_another_authority_or_of_itself_is_refused(node: TlsNode, tmp_path: Path) -> None:
    for stranger in (Authority(tmp_path, "elsewhere").pair("sender"), self_signed(tmp_path, "myself")):
        refused(node, "certificate of an unknown authority", lambda pair=stranger: _try_to_store(node, pair))


def test_n14_a_certificate_that_has_ended_is_refused(node: TlsNode) -> None:
    ended = node.authority.pair("ended", days=0)
    refused(node, "certificate has expired", lambda: _try_to_store(node, ended))


def test_n14_plain_dicom_on_the_tls_port_is_refused(node: TlsNode) -> None:
    refused(node, "plain text on the TLS port", lambda: echoscu(node.port))
    with RawSender(node.port) as caller:
        assert caller.associate().kind == 0


def test_n14_a_caller_that_does_not_trust_us_is_told_apart(node: TlsNode, tmp_path: Path) -> None:
    stranger = context_of(Authority(tmp_path, "its-own"), node.sender_pair)

    def call() -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            RawSender(node.port, tls=stranger)

    refused(node, "the caller refuses our certificate", call)


# Whose certificate


@pytest.mark.parametrize("title", ["BOUND", "PINNED"])
def test_n14_a_valid_certificate_of_another_peer_is_rejected(node: TlsNode, title: str) -> None:
    # given
    own = {"BOUND": node.bound, "PINNED": node.pinned}
    others = [pair for name, pair in own.items() if name != title] + [node.sender_pair]

    # when
    for pair in others:
        with node.sender_with(pair) as impostor:
            answer = impostor.associate(calling=title)

            # then
            assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (1, 1, 3))
            assert impostor.receive().kind == 0
    with node.sender_with(own[title]) as itself:
        assert itself.associate(calling=title).kind == AC
        itself.end()
    reason = "certificate is not that of this AE title"
    wait_until("it is in the audit trail", lambda: reason in node.audit_events.get("association_rejected", ()))


def test_n14_without_a_rule_the_certificate_must_bear_the_callers_address(node: TlsNode) -> None:
    with node.sender_with(node.bound) as nameless:
        answer = nameless.associate()
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (1, 1, 3))


# User identity


def test_n14_a_user_is_known_by_name_and_passcode(node: TlsNode) -> None:
    options = ("-usr", "scanner", "-pwd", PASSCODE, "-rsp")
    known = _store_as_user(node, options)
    assert known.returncode == 0, known.stderr


@pytest.mark.parametrize(
    "options", [(), ("-usr", "scanner", "-pwd", "wrong"), ("-usr", "nobody", "-pwd", PASSCODE), ("-usr", "scanner")]
)
def test_n14_a_user_without_the_right_passcode_is_rejected(node: TlsNode, options: tuple[str, ...]) -> None:
    assert _store_as_user(node, options).returncode != 0
    reason = "wrong user name or passcode" if options else "no user name and passcode"
    wait_until("it is in the audit trail", lambda: reason in node.audit_events.get("association_rejected", ()))
    assert PASSCODE not in node.log and "scanner" not in node.log, "neither is ever said"


def test_n14_a_positive_response_is_given_where_it_is_asked_for(node: TlsNode) -> None:
    for asked in (True, False):
        identity = UserIdentityNegotiation()
        identity.user_identity_type, identity.positive_response_requested = 2, asked
        identity.primary_field, identity.secondary_field = b"scanner", PASSCODE.encode()
        entity = AE("USER")
        entity.add_requested_context(VERIFICATION)
        association = entity.associate(
            "127.0.0.1", node.port, ae_title="RHEUMASCORE", ext_neg=[identity], tls_args=(node.tls, "127.0.0.1")
        )
        assert association.is_established
        assert (association.acceptor.user_identity is not None) is asked
        association.release()


def test_n14_many_wrong_passcodes_at_once_cost_the_memory_of_one(node: TlsNode) -> None:
    """Scrypt takes 16 MB for each try, and an arena keeps for ever what its thread freed."""
    # given
    node.forget_peak()
    before = node.peak_memory
    strangers = [node.sender() for _ in range(_GUESSES)]

    # when
    with ThreadPoolExecutor(_GUESSES) as guessing:
        answers = list(guessing.map(lambda caller: caller.associate(calling="USER", user=("scanner", "?")), strangers))

    # then
    assert {(answer.kind, tuple(answer.body[1:4])) for answer in answers} == {(RJ, (1, 1, 1))}
    assert node.peak_memory - before < 2 * _ONE_GUESS
    for caller in strangers:
        caller.socket.close()


# The port itself


@pytest.mark.parametrize("sockets", [1, 11, 200])
def test_n14_connections_that_never_shake_hands_keep_nobody_out(node: TlsNode, sockets: int) -> None:
    with ExitStack() as opened:
        for _ in range(sockets):
            elsewhere = ("127.0.0.2", 0)  # at the cap an address makes room for its own newer connections
            opened.enter_context(
                socket.create_connection(("127.0.0.1", node.port), timeout=20, source_address=elsewhere)
            )
        assert node.serves()
        assert node.serves()


def test_n14_a_new_certificate_is_taken_up_and_a_broken_one_is_not(node: TlsNode, tmp_path: Path) -> None:
    # given
    before = node.shown_certificate()
    fresh = node.authority.pair("node-renewed")

    # when
    with node.sender() as open_before:
        assert open_before.associate().kind == AC
        node.replace_pair(fresh.certificate, fresh.key)
        wait_until("it is taken up", lambda: node.events("tls_certificate_taken_up"))

        # then
        assert node.shown_certificate() == fresh.sha256 != before
        assert open_before.store_one() == SUCCESS, "an association goes on with the certificate it began with"
        open_before.end()

    # when
    node.replace_pair(fresh.certificate, self_signed(tmp_path, "other").key)

    # then
    wait_until("it is refused", lambda: node.events("tls_certificate_refused"))
    assert node.shown_certificate() == fresh.sha256, "the one before stays in force"
    before_mended = len(node.events("tls_certificate_taken_up"))
    node.replace_pair(fresh.certificate, fresh.key)
    wait_until("and it is mended", lambda: len(node.events("tls_certificate_taken_up")) > before_mended)


def test_n14_sighup_looks_at_the_certificate_anew(node: TlsNode) -> None:
    before = len(node.events("tls_certificate_taken_up"))
    psutil.Process(node.measured.pid).send_signal(signal.SIGHUP)
    wait_until("it is taken up anew", lambda: len(node.events("tls_certificate_taken_up")) > before)
    assert node.serves()


def test_n14_the_end_of_a_certificate_is_told_thirty_days_ahead(node: TlsNode) -> None:
    ending = node.authority.pair("ending", days=10)
    node.replace_pair(ending.certificate, ending.key)
    [told, *_] = wait_until("it is told", lambda: node.events("certificate_ends"))
    assert (told["key"], told["days"]) == ("certificate", 9)
    wait_until("the audit trail knows it", lambda: "certificate_ends" in node.audit_events)


# Slow peers, last: their time has run beside the others


def test_n14_every_slow_peer_is_ended_and_honest_senders_are_served_throughout(
    slow_peers: SlowTlsPeers, running: TlsNode
) -> None:
    slow_peers.all_ended()
    assert slow_peers.honest_failures == []
    endings = slow_peers.endings
    assert {name: ending.aborted for name, ending in endings.items()} == {
        slow.no_handshake.__name__: False,
        slow.handshake_in_drips.__name__: False,
        slow.request_in_drips.__name__: True,
        slow.data_in_drips.__name__: True,
        slow.idle_association.__name__: True,
    }
    assert "no TLS handshake in time" in running.audit_events["tls_refused"]
    running.assert_unharmed()


def test_n14_a_stop_ends_an_association_as_the_protocol_wants_it(running: TlsNode) -> None:
    with running.sender() as waiting:
        assert waiting.associate().kind == AC
        assert running.stop() == 0
        assert waiting.receive().kind == ABORT
        assert waiting.socket.recv(1) == b"", "close_notify: an end, not a cut"
    running.start()


def _store_as_user(node: TlsNode, options: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """DCMTK's storescu as USER, with its options for user identity."""
    tls = over_tls(node.sender_pair, node.authority.certificate)
    image = radiograph()
    node.unanswered.add(image.SOPInstanceUID)
    path = write_file(node.folder / "of-a-user.dcm", image)
    return storescu(node.port, path, calling="USER", options=(*tls, *options))


def _try_to_store(node: TlsNode, pair: Pair) -> None:
    image = radiograph()
    with pytest.raises((OSError, AssertionError)), node.sender_with(pair) as stranger:
        assert stranger.associate().kind == AC
        stranger.store(CR, image.SOPInstanceUID, encoded(image))
