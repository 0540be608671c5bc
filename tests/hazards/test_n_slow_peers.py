"""Hazards N02 to N04, N15, N16b, N17 and the clock: peers that hold on. Each has its time; others never wait for it."""

from __future__ import annotations

from tests.hazards import slow_peers as peers
from tests.hazards.slow_peers import SlowPeers


def test_n02_an_idle_socket_is_closed(slow_peers: SlowPeers) -> None:
    assert slow_peers.ending(peers.idle_socket).seconds < 30


def test_n03_a_request_in_drips_is_cut(slow_peers: SlowPeers) -> None:
    assert slow_peers.ending(peers.request_in_drips).seconds < 30


def test_n03_a_request_without_end_is_cut(slow_peers: SlowPeers) -> None:
    assert slow_peers.ending(peers.request_without_end).seconds < 30


def test_n04_data_in_drips_is_aborted(slow_peers: SlowPeers) -> None:
    ending = slow_peers.ending(peers.data_in_drips)
    assert ending.aborted and ending.seconds < 30


def test_n17_an_idle_association_is_aborted(slow_peers: SlowPeers) -> None:
    ending = slow_peers.ending(peers.idle_association)
    assert ending.aborted and 20 < ending.seconds < 60


def test_n15_a_peer_that_reads_no_answers_is_cut(slow_peers: SlowPeers) -> None:
    assert slow_peers.ending(peers.answers_not_read).seconds < 120


def test_n16_a_message_without_end_in_whole_pdus_is_aborted(slow_peers: SlowPeers) -> None:
    ending = slow_peers.ending(peers.message_without_end)
    assert ending.aborted and ending.seconds < 120


def test_n00_an_honest_sender_is_served_throughout_while_the_wall_clock_jumps(slow_peers: SlowPeers) -> None:
    slow_peers.all_ended()
    assert slow_peers.honest_failures == []
    assert slow_peers.honest_rounds > 5, "all the time, however busy the machine"
    slow_peers.node.assert_unharmed()
