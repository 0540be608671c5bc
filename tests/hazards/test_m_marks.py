"""Hazards of too much at once: bytes half received, and a queue that nobody works on. 0xA700, and it recovers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.tables import JobRow
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import store_command
from tests.foreign_programs.programs import wait_until
from tests.hazards.attacked_node import SUCCESS, AttackedNode

_OUT_OF_RESOURCES = 0xA700
_PIECE = 16_000


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedNode]:
    """A node that holds 1 MB half received at most, and refuses while more than three jobs wait."""
    limits = "free_disk_bytes = 1000000\nbytes_in_flight = 1000000\nwaiting_jobs = 3"
    node = AttackedNode(tmp_path_factory.mktemp("marked"), limits=limits)
    try:
        node.start()
        yield node
    finally:
        node.kill()


def test_m03_too_many_bytes_in_flight(marked: AttackedNode) -> None:
    """Given 800 kB of an instance that is not whole; then another of 400 kB waits for its end, and echoes do not."""
    ds = radiograph(PixelData=bytes(800_000))
    data_set = encoded(ds)
    with marked.sender() as first, marked.sender("HONEST") as second:
        first.associate()
        second.associate()
        first.send_command(store_command(CR, ds.SOPInstanceUID))
        for at in range(0, len(data_set) - 10, _PIECE):
            first.send_data(data_set[at : min(at + _PIECE, len(data_set) - 10)], last=False)
        wait_until("it is on disk", lambda: any(path.stat().st_size >= 800_000 for path in marked.leftovers))
        assert second.store_one(PixelData=bytes(400_000)) == _OUT_OF_RESOURCES
        assert second.echo().status == SUCCESS
        assert second.store_one() == SUCCESS, "what has room goes on"
        first.send_data(data_set[-10:], last=True)
        assert first.receive().status == SUCCESS
        first.acknowledged(ds.SOPInstanceUID, data_set)
        assert second.store_one(PixelData=bytes(400_000)) == SUCCESS
        first.end()
        second.end()
    marked.assert_unharmed()


def test_m04_too_many_jobs_wait(marked: AttackedNode) -> None:
    ledger = new_ledger(marked.data_dir)
    with marked.sender() as sender:
        sender.associate()
        with ledger.write() as session:
            for number in range(4):
                add_job(session, "score", f"score:{number}", "1.2", {})
        wait_until("it is past the mark", lambda: sender.store_one() == _OUT_OF_RESOURCES)
        assert sender.echo().status == SUCCESS
        with ledger.write() as session:
            session.execute(delete(JobRow))
        wait_until("it recovers by itself", lambda: sender.store_one() == SUCCESS)
        sender.end()
    ledger.close()
    marked.assert_unharmed()
