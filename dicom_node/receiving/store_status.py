"""The answers to C-STORE (PS3.4 table B.2-1, PS3.7 annex C) and what we mean by each."""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0x0000
"""File, folder and ledger row are on disk, or were before."""
OUT_OF_RESOURCES: Final = 0xA700
"""No room, over a cap, ledger not writable, shutting down: later it may work."""
DATA_SET_DOES_NOT_MATCH: Final = 0xA900
"""Command and data set name different objects, or a UID that every instance must have is missing."""
CANNOT_UNDERSTAND: Final = 0xC000
"""Truncated, not a data set, nested too deep, too many elements."""
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
"""The SOP class is not that of the presentation context."""
INVALID_SOP_INSTANCE: Final = 0x0117
"""The SOP Instance UID is not a UID: 1 to 64 digits and dots."""
UNRECOGNISED_OPERATION: Final = 0x0211
"""A DIMSE service that is not offered here."""
