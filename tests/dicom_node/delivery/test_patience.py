"""``[delivery]``: waits that grow to a cap, and every fault of it in one go."""

from __future__ import annotations

from dataclasses import replace

from dicom_node.delivery.patience import DeliverySection, delivery_faults


def test_waits_grow_to_their_cap_and_no_further_in_a_week() -> None:
    waits = DeliverySection().waits
    assert waits.after(1) < waits.after(2) < waits.after(3) < waits.after(4)
    for failures in (4, 5, 5_000, 10**6):
        assert 0.75 * 120 <= waits.after(failures) <= 1.25 * 120


def test_the_defaults_are_allowed_and_everything_is_out_five_minutes_after_a_return() -> None:
    section = DeliverySection()
    assert delivery_faults(section) == []
    assert section.longest_wait_seconds * 1.25 <= 5 * 60 / 2


def test_every_fault_is_named_with_what_is_allowed() -> None:
    faults = delivery_faults(
        DeliverySection(
            first_wait_seconds=0.0,
            wait_growth=0.5,
            longest_wait_seconds=3600.0,
            answer_seconds=-1.0,
            associations=0,
            commitment_first_seconds=1000.0,
            overdue_hours=0.0,
        )
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "delivery.longest_wait_seconds",
        "delivery.commitment_longest_seconds",
        "delivery.first_wait_seconds",
        "delivery.answer_seconds",
        "delivery.overdue_hours",
        "delivery.wait_growth",
        "delivery.associations",
    ]
    assert all("allowed:" in fault for fault in faults)
    assert delivery_faults(replace(DeliverySection(), longest_wait_seconds=1.0)) == [
        "delivery.longest_wait_seconds: got 1, allowed: the first wait to 900"
    ]
