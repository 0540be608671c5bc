"""What a visit must hold to be diagnostic as a whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NailfoldProtocol:
    """Fewest named fingers and pictures that could be assessed. The numbers are a proposal; a trial says its own."""

    least_fingers: int = 4
    least_pictures: int = 8

    def fulfilled(self, fingers: int, pictures: int) -> bool:
        """So many are enough."""
        return fingers >= self.least_fingers and pictures >= self.least_pictures
