"""How long the room lasts, at the rate of the last days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.disk_forecast import DiskForecast, forecast_disk
from dicom_node.ledger.instances import ReceivedInstance, add_instance
from dicom_node.ledger.ledger import Ledger
from tests.dicom_node.ledger.ledgers import new_ledger

NOW, DAY = 1_800_000_000.0, 86_400.0
GIGABYTE = 1_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


def receive(ledger: Ledger, days_ago: float, size: int) -> None:
    number = f"{int(days_ago * 1000)}"
    with ledger.write() as session:
        add_instance(
            session,
            ReceivedInstance(f"1.2.{number}", "1.2", "1.3", "1.4", "1.5", number * 8, size, "S", NOW - days_ago * DAY),
        )


def test_the_rate_is_that_of_the_last_seven_days(ledger: Ledger, tmp_path: Path) -> None:
    for days_ago, gigabytes in ((30, 1000), (6, 3), (1, 4)):
        receive(ledger, days_ago, gigabytes * GIGABYTE)
    with ledger.read() as session:
        forecast = forecast_disk(session, tmp_path, 1, NOW)
    assert forecast.bytes_a_day == pytest.approx(GIGABYTE)


def test_a_young_node_counts_from_its_first_image(ledger: Ledger, tmp_path: Path) -> None:
    receive(ledger, 2, 10 * GIGABYTE)
    with ledger.read() as session:
        assert forecast_disk(session, tmp_path, 1, NOW).bytes_a_day == pytest.approx(5 * GIGABYTE)
        assert forecast_disk(session, tmp_path, 1, NOW - 2 * DAY + 600).bytes_a_day is None, "after ten minutes"


def test_mark_and_end_are_told_with_their_dates() -> None:
    forecast = DiskForecast(100 * GIGABYTE, 20 * GIGABYTE, 10.0 * GIGABYTE, NOW)
    assert (forecast.days_to_mark, forecast.days_to_full) == (8.0, 10.0)
    assert forecast.words == (
        "disk: 100.0 GB free; at 10.00 GB a day instances are refused from 2027-01-23 (in 8 days), and the disk is "
        "full on 2027-01-25"
    )
    assert not forecast.is_near
    assert DiskForecast(30 * GIGABYTE, 20 * GIGABYTE, 10.0 * GIGABYTE, NOW).is_near


def test_past_the_mark_it_says_so() -> None:
    forecast = DiskForecast(GIGABYTE, 2 * GIGABYTE, None, NOW)
    assert forecast.is_full
    assert "refused until there is room" in forecast.words


def test_without_a_rate_nothing_is_foretold(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.read() as session:
        assert "too little" in forecast_disk(session, tmp_path / "not" / "there", 1, NOW).words
