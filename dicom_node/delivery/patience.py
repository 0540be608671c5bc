"""``[delivery]``: how patient the node is with its destinations, and how gently it comes back to one that was away."""

from __future__ import annotations

from dataclasses import dataclass

from dicom_node.ledger.waits import LONGEST_WAIT_SECONDS, Waits


@dataclass(frozen=True, slots=True)
class DeliverySection:
    """Waits in seconds; each is a quarter longer or shorter by chance, so that not all come back at once."""

    first_wait_seconds: float = 2.0
    wait_growth: float = 4.0
    longest_wait_seconds: float = 120.0
    """At most so long after a destination's return, and a quarter, everything that waits for it begins to go."""
    answer_seconds: float = 30.0
    """For each answer of a destination; a large object has a second more for each 100 kB."""
    associations: int = 2
    """To one destination at a time, all workers together; one that was away is first asked by one alone."""
    commitment_first_seconds: float = 60.0
    """A report of storage commitment is waited for so long before it is asked for anew."""
    commitment_longest_seconds: float = 900.0
    overdue_hours: float = 4.0
    """What is not delivered, or not committed, after so long is said by ``status``, and a person is told."""

    @property
    def waits(self) -> Waits:
        """Between attempts at a destination that is away or busy: 2, 8, 32, 120, 120 … s."""
        return Waits(self.first_wait_seconds, self.wait_growth, self.longest_wait_seconds)

    @property
    def commitment_waits(self) -> Waits:
        """For a report of storage commitment: 60, 240, 900, 900 … s."""
        return Waits(self.commitment_first_seconds, self.wait_growth, self.commitment_longest_seconds)


def delivery_faults(section: DeliverySection) -> list[str]:
    """What contradicts itself or the node: key, what it got, what is allowed."""
    faults = []
    waits = (
        ("longest_wait_seconds", section.longest_wait_seconds, section.first_wait_seconds),
        ("commitment_longest_seconds", section.commitment_longest_seconds, section.commitment_first_seconds),
    )
    for key, got, first in waits:
        if not first <= got <= LONGEST_WAIT_SECONDS:
            faults.append(f"delivery.{key}: got {got:g}, allowed: the first wait to {LONGEST_WAIT_SECONDS:g}")
    positive = ("first_wait_seconds", "commitment_first_seconds", "answer_seconds", "overdue_hours")
    for key in positive:
        if getattr(section, key) <= 0:
            faults.append(f"delivery.{key}: got {getattr(section, key):g}, allowed: more than 0")
    if section.wait_growth < 1:
        faults.append(f"delivery.wait_growth: got {section.wait_growth:g}, allowed: 1 or more")
    if section.associations < 1:
        faults.append(f"delivery.associations: got {section.associations}, allowed: 1 or more")
    return faults
