"""Every value that we made, against its type and multiplicity (PS3.5 6.2, PS3.6)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pydicom import config
from pydicom.datadict import dictionary_VM, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from sr_templates.errors import InvalidObjectError
from sr_templates.inherited_modules import INHERITED

_UID: Final = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_REFERENCED_UID: Final = re.compile(r"[0-9.]+")
_LONGEST_UID: Final = 64
_NUMBERS_AND_BYTES: Final = frozenset({"AT", "FD", "FL", "OB", "OW", "UL", "US"})
"""Types whose values cannot be wrong once they are encoded."""


def refuse_wrong_values(dataset: Dataset) -> None:
    """Raise InvalidObjectError naming the element; patient, study and trial belong to the source and are passed over.

    An item that stands in many sequences, as a code does, is looked at once.
    """
    seen: set[int] = set()
    waiting = [("", dataset)]
    while waiting:
        where, item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        for raw in item.values():
            element = raw if isinstance(raw, DataElement) else item[raw.tag]
            keyword = keyword_for_tag(element.tag)
            if not where and keyword in INHERITED:
                continue
            if not keyword:
                raise InvalidObjectError(f"{where}{element.tag} is in no dictionary.")
            if element.VR == "SQ":
                waiting += [(f"{where}{keyword}[{n}].", part) for n, part in enumerate(element.value)]
            else:
                _refuse_value(f"{where}{keyword}", element, nested=bool(where))


def _refuse_value(where: str, element: DataElement, nested: bool) -> None:
    value = element.value
    if value is None or value == "":
        return
    one = isinstance(value, str | bytes | int | float)
    found = 1 if one else element.VM
    least, most = _allowed_count(element.tag)
    if found and not least <= found <= most:
        raise InvalidObjectError(f"{where} has {found} values; allowed are {least} to {most}.")
    if element.VR in _NUMBERS_AND_BYTES:
        return
    for single in [value] if found == 1 else value:
        if fault := _fault(element.VR, str(single), nested):
            raise InvalidObjectError(f"{where} ({element.VR}) is not valid: {fault}")


@lru_cache(maxsize=8192)
def _fault(vr: str, value: str, nested: bool) -> str:
    """What is wrong with a value of this type; most codes and units come many times in one report.

    Our own UIDs are valid; a reference repeats what the source has, leading zeros included.
    """
    if vr == "UI":
        pattern = _REFERENCED_UID if nested else _UID
        return "" if pattern.fullmatch(value) and len(value) <= _LONGEST_UID else repr(value)
    try:
        validate_value(vr, value, config.RAISE)
    except ValueError as error:
        return str(error)
    return ""


@lru_cache(maxsize=512)
def _allowed_count(tag: int) -> tuple[int, float]:
    lowest, _, highest = dictionary_VM(tag).partition("-")
    return int(lowest), float("inf") if highest in ("n", "2n", "3n") else int(highest or lowest)
