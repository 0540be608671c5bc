"""What puts a plain acceptor out of service, and that an honest sender is served meanwhile."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from dicom_node.errors import PortInUseError
from dicom_node.receiving.association_guard import AssociationGuard, Deadlines
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import (
    ABORT,
    AC,
    P_DATA,
    RELEASE_RP,
    RawSender,
    associate_request,
    pdu,
    pdv,
    store_command,
)
from tests.dicom_node.receiving.running_node import RunningNode
from tests.foreign_programs.dcmtk import echoscu
from tests.foreign_programs.programs import wait_until

_IMAGE = radiograph(SOPInstanceUID="1.2.3", StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.5")
WHOLE_CONVERSATION = (
    associate_request()
    + pdu(P_DATA, pdv(store_command(CR, "1.2.3"), 1, 3))
    + pdu(P_DATA, pdv(encoded(_IMAGE), 1, 2))
    + pdu(5, bytes(4))
)
QUICK = Deadlines(request=0.4, pdu=0.4, bytes_per_second=1e9, idle=0.6, answer=2.0)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    with RunningNode(tmp_path / "data") as running:
        yield running


@pytest.fixture
def hasty_node(tmp_path: Path) -> Iterator[RunningNode]:
    """The same with short deadlines."""
    with RunningNode(tmp_path / "data", deadlines=QUICK) as running:
        yield running


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(60)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def serves_an_honest_sender(node: RunningNode) -> bool:
    ds = radiograph()
    with RawSender(node.port) as honest:
        return honest.associate().kind == AC and honest.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0


def still_serves(hasty: RunningNode) -> None:
    """Its short deadlines end an honest sender too when the machine is busy; who comes again is served."""

    def served() -> bool:
        try:
            return serves_an_honest_sender(hasty)
        except OSError:
            return False

    wait_until("an honest sender is served", served)


@pytest.mark.parametrize("count", [1, 11, 200])
def test_idle_sockets_do_not_keep_an_honest_sender_out(node: RunningNode, count: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(count)]
    assert serves_an_honest_sender(node)
    assert echoscu(node.port).returncode == 0
    assert node.listener.guard.open_connections <= node.settings.limits.connections
    for connection in idle:
        connection.close()


def test_an_idle_socket_is_closed(hasty_node: RunningNode) -> None:
    with socket.create_connection(("127.0.0.1", hasty_node.port)) as idle:
        assert is_closed(idle)
    wait_until("its thread ends", lambda: hasty_node.listener.guard.open_connections == 0)


def test_a_request_in_drops_is_cut(hasty_node: RunningNode) -> None:
    with socket.create_connection(("127.0.0.1", hasty_node.port)) as slow:
        dripping = threading.Event()

        def drip() -> None:
            for byte in associate_request():
                try:
                    slow.send(bytes((byte,)))
                except OSError:
                    return
                if dripping.wait(0.02):
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert is_closed(slow)
        dripping.set()
        thread.join()


def test_a_data_pdu_in_drops_is_cut(hasty_node: RunningNode) -> None:
    with RawSender(hasty_node.port) as slow:
        slow.associate()
        slow.socket.sendall(struct.pack(">BxL", P_DATA, 1000) + b"\0" * 10)
        assert slow.receive().kind == ABORT


def test_an_idle_association_is_aborted(hasty_node: RunningNode) -> None:
    with RawSender(hasty_node.port) as idle:
        idle.associate()
        assert idle.receive().kind == ABORT


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls hello": bytes.fromhex("16030100c8010000c40303") + os.urandom(200),
    "unknown pdu": pdu(9, bytes(4)),
    "data first": pdu(P_DATA, pdv(b"x" * 10, 1, 3)),
    "length of 2 GiB": struct.pack(">BxL", 1, 1 << 31) + bytes(1000),
    "empty request": pdu(1, b""),
    "request of zeros": pdu(1, bytes(200)),
    "request cut": pdu(1, associate_request()[6:90]),
    "items that lie": pdu(1, associate_request()[6:74] + b"\x20\0\xff\xff" + bytes(50)),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_instead_of_a_request_is_aborted(node: RunningNode, kind: str) -> None:
    with RawSender(node.port) as garbage:
        garbage.socket.sendall(GARBAGE[kind])
        assert garbage.receive().kind in (ABORT, 0)
    assert serves_an_honest_sender(node)


BROKEN_DATA = {
    "pdv of length 0": pdu(P_DATA, struct.pack(">L", 0) + bytes(10)),
    "pdv crosses its pdu": pdu(P_DATA, struct.pack(">LBB", 9999, 1, 3) + bytes(10)),
    "header cut": pdu(P_DATA, b"\0\0\0"),
    "unknown context": pdu(P_DATA, pdv(store_command(CR, "1.2"), 77, 3)),
    "data before its command": pdu(P_DATA, pdv(b"x" * 100, 1, 2)),
    "no command": pdu(P_DATA, pdv(b"garbage!" * 5, 1, 3)),
    "command cut": pdu(P_DATA, pdv(store_command(CR, "1.2")[:30], 1, 3)),
    "command in a data set": pdu(P_DATA, pdv(store_command(CR, "1.2"), 1, 3)) * 2,
    "command without end": pdu(P_DATA, pdv(bytes(9000), 1, 1)) * 3,
    "pdu longer than agreed": struct.pack(">BxL", P_DATA, 4 << 20) + bytes(100),
    "second request": associate_request(),
    "unknown pdu": pdu(0x2A, bytes(4)),
}


@pytest.mark.parametrize("kind", BROKEN_DATA)
def test_broken_messages_are_aborted(node: RunningNode, kind: str) -> None:
    with RawSender(node.port) as broken:
        broken.associate()
        broken.socket.sendall(BROKEN_DATA[kind])
        assert broken.receive().kind == ABORT
    assert serves_an_honest_sender(node)
    assert node.leftovers == []


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6), st.floats(0, 1)
)
def test_a_damaged_conversation_is_never_a_fault_of_ours(
    hasty_node: RunningNode, changes: list[tuple[float, int]], length: float
) -> None:
    conversation = bytearray(WHOLE_CONVERSATION)
    for place, value in changes:
        conversation[int(place * len(conversation))] = value
    del conversation[int(length * len(conversation)) + 1 :]
    with capture_logs() as lines, RawSender(hasty_node.port) as damaged:
        damaged.socket.sendall(bytes(conversation))
        assert is_closed(damaged.socket)
    assert "association_fault" not in {line["event"] for line in lines}
    still_serves(hasty_node)


def test_memory_stays_flat_while_a_large_instance_comes(node: RunningNode) -> None:
    large = radiograph(PixelData=bytes(64 << 20))
    data_set = encoded(large)
    with RawSender(node.port) as sender:
        sender.associate()
        before = psutil.Process().memory_info().rss
        answer = sender.store(CR, large.SOPInstanceUID, data_set, piece=100_000)
        grown = psutil.Process().memory_info().rss - before
    assert answer.status == 0
    assert grown < 32 << 20, f"{grown >> 20} MB for one instance of 64 MB"


def test_closed_connections_leave_no_thread_and_no_descriptor(node: RunningNode) -> None:
    process = psutil.Process()
    assert serves_an_honest_sender(node)
    wait_until("at rest", lambda: node.listener.guard.open_connections == 0)
    before = process.num_threads(), process.num_fds()
    for _ in range(300):
        socket.create_connection(("127.0.0.1", node.port)).close()
    assert serves_an_honest_sender(node)
    wait_until("threads end", lambda: (process.num_threads(), process.num_fds()) <= before)


def test_a_stop_lets_a_store_end_and_ends_idle_associations(tmp_path: Path) -> None:
    ds = radiograph()
    data_set = encoded(ds)
    with RunningNode(tmp_path) as node, RawSender(node.port) as idle, RawSender(node.port) as busy:
        idle.associate()
        busy.associate()
        busy.send_command(store_command(CR, ds.SOPInstanceUID))
        busy.send_data(data_set[:100], last=False)
        wait_until("the store runs", lambda: node.leftovers)
        node.listener.stop()
        assert idle.receive().kind == ABORT
        busy.send_data(data_set[100:], last=True)
        assert busy.receive().status == 0x0000
        assert busy.receive().kind == ABORT
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", node.port))


def test_a_taken_port_is_an_error_that_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortInUseError, match=r"node\.port"):
            AssociationGuard("127.0.0.1", other.getsockname()[1], lambda _: None, connections=4)


def test_release_is_answered(node: RunningNode) -> None:
    with RawSender(node.port) as sender:
        sender.associate()
        assert sender.release().kind == RELEASE_RP
        assert sender.receive().kind == 0
