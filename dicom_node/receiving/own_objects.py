"""Reports and captures that this product wrote. They may come back from a PACS; they are kept and never scored."""

from __future__ import annotations

from collections.abc import Sequence

from sr_templates.observer_context import MANUFACTURER


def says_it_is_ours(manufacturer: str, image_type: Sequence[str]) -> bool:
    """A header of ours: the manufacturer, and not a PRIMARY image, as phantoms and wrapped photographs are."""
    return manufacturer == MANUFACTURER and list(image_type[1:2]) != ["PRIMARY"]
