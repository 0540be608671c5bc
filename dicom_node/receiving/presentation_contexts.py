"""What the listener takes: Verification, every Storage class, and the transfer syntaxes that can be decoded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from pydicom import uid
from pydicom._uid_dict import UID_dictionary  # the only list of the Standard's UIDs that pydicom has
from pynetdicom.presentation import AllStoragePresentationContexts

VERIFICATION: Final = "1.2.840.10008.1.1"
UNCOMPRESSED: Final = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)
COMPRESSED: Final = (
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.HTJ2KLossless,
    uid.HTJ2KLosslessRPCL,
    uid.HTJ2K,
    uid.RLELossless,
)
"""Deflated is never taken: 1 MB of it can hold 1 GB. Video and JPIP cannot be scored."""
TRANSFER_SYNTAXES: Final = frozenset((*UNCOMPRESSED, *COMPRESSED))
_DICOM_ROOT: Final = "1.2.840.10008."
_NOT_STORED: Final = ("Commitment", "Directory")


@cache
def storage_classes() -> frozenset[str]:
    """Every Storage SOP class of the Standard, the retired and trial ones too: archives still hold and forward them."""
    listed = {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
    named = {
        value
        for value, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class" and "Storage" in name and not any(word in name for word in _NOT_STORED)
    }
    return frozenset(listed | named)


def is_taken(abstract_syntax: str, *, storage: bool = True) -> bool:
    """Verification, Storage, or a private class: a PACS forwards what modalities stored under their maker's UIDs.

    Without ``storage`` Verification alone.
    """
    if abstract_syntax == VERIFICATION or not storage:
        return abstract_syntax == VERIFICATION
    return abstract_syntax in storage_classes() or not abstract_syntax.startswith(_DICOM_ROOT)


def choose_transfer_syntax(proposed: Sequence[str]) -> str | None:
    """The sender's first that we decode; of the uncompressed ones Explicit Little Endian, which keeps private VRs."""
    first = next((syntax for syntax in proposed if syntax in TRANSFER_SYNTAXES), None)
    if first in UNCOMPRESSED:
        return next(str(syntax) for syntax in UNCOMPRESSED if syntax in proposed)
    return first
