"""A peer's Error Comment (0000,0902), as far as it may stand in a ledger, a log and on a page.

Archives quote the patient there: "Patient ID 4711 belongs to DOE^JANE". So of a comment only the words of the trade
are kept, which name nobody; for the rest there is the peer's own log.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 64
_LEFT_OUT: Final = "…"
_WORD: Final = re.compile(r"[^\W\d_]+|[\W\d_]+")
_WORDS_OF_THE_TRADE: Final = """
a abort aborted absent accept accepted access accession ae allowed already an and another archive are as association
attribute authorised authorized bad be birth busy but by cannot capacity character check class closed command
comment conflict connection context cstore data database dataset date decode delete deleted denied destination dicom
did different directory disabled disk does duplicate element empty encoding error exceeded exist existing exists
expected expired fail failed failure file for format found from full group has have id image import in instance
instances insufficient internal invalid is it later length license limit locked match matches memory mismatch
missing modality modified more name no not null object of offline on only or out overwrite parse patient permission
pixel policy presentation problem processing queue quota range read reason received record refused rejected
rejection report request required resource resources retry return sequence series server service set sex size sop
space specific storage store stored study support supported syntax system tag than the there this timeout title to
too transaction transfer try type uid unable under unexpected unknown unsupported update used user valid validation
value vr was were with write wrong
"""
_KNOWN: Final = frozenset(_WORDS_OF_THE_TRADE.split())


def words_of(comment: str) -> str:
    """At most 64 characters: words of the trade, and ``…`` for everything between them. Empty when it has none."""
    kept: list[str] = []
    for part in _WORD.findall(comment):
        if part.lower() in _KNOWN:
            kept.append(part)
        elif not part.isspace() and kept[-1:] != [_LEFT_OUT]:
            kept.append(_LEFT_OUT)
    said = " ".join(kept)[:_LONGEST]
    return said if any(part in said for part in kept if part != _LEFT_OUT) else ""
