"""The text of a received header as unicode, with nothing lost, whatever its sender made of the character set.

pydicom decodes an element when it is first touched and puts replacement characters where the bytes do not fit the
Specific Character Set: the value is then gone for good. Here such bytes are kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from pydicom import config
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import TEXT_VR_DELIMS, PersonName

_SEVERAL: Final = frozenset({"LO", "PN", "SH", "UC"})
"""Text of which one attribute may hold several values, separated by a backslash (PS3.5 6.2)."""
_TEXT: Final = _SEVERAL | {"LT", "ST", "UT"}
_UNDECLARED: Final = frozenset({"", "ISO_IR 6"})
_CHINESE_ESCAPE: Final = "\x1b$)A"


def decode_text(header: Dataset, keywords: Iterable[str]) -> None:
    """Decode these attributes in place, sequences included, as pydicom would at the first touch, but without loss.

    What was touched before stays as it is. Nothing is raised, warned of or logged: a message would quote the patient.
    """
    tags = [tag for tag in _tags(tuple(keywords)) if _may_hold_bytes(header.get_item(tag))]
    if tags:
        with warnings.catch_warnings(), config.disable_value_validation():
            warnings.simplefilter("ignore")
            _decode(header, tags, [""])


@lru_cache(maxsize=16)
def _tags(keywords: tuple[str, ...]) -> tuple[BaseTag, ...]:
    return tuple(Tag(tag) for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None)


def _may_hold_bytes(element: DataElement | RawDataElement | None) -> bool:
    return isinstance(element, RawDataElement) or (element is not None and element.VR == "SQ")


def _decode(dataset: Dataset, tags: Iterable[BaseTag], inherited_terms: Sequence[str]) -> None:
    terms = _terms(dataset) or inherited_terms
    for tag in tags:
        element = dataset.get_item(tag)
        if element is None or tag.is_private:
            continue
        vr = _vr(element)
        if isinstance(element, RawDataElement) and vr in _TEXT and element.value:
            dataset[tag] = _element(tag, vr, decoded(element.value, terms))
        elif vr == "SQ":
            for item in _items(dataset, tag):
                _decode(item, list(item.keys()), terms)


def _vr(element: DataElement | RawDataElement) -> str:
    """The type as sent; the dictionary's where the transfer syntax or an archive left it out."""
    if element.VR in (None, "UN") and dictionary_has_tag(element.tag):
        return dictionary_VR(element.tag)
    return element.VR or "UN"


def decoded(value: bytes, terms: Sequence[str]) -> str:
    """The bytes as the Specific Character Set's terms say, defined or misspelt.

    Bytes that do not fit them, and letters beyond ASCII where no set is declared, are read as UTF-8 when they are
    valid UTF-8, so that the written object holds the very bytes that came; else one by one as ISO 8859-1: encoded in
    that, the written value is again what was received.
    """
    if value.isascii() or not _UNDECLARED.issuperset(terms):
        try:
            with config.strict_reading():
                text = decode_bytes(value, convert_encodings([*terms]), TEXT_VR_DELIMS)
            text.encode()  # a term that only Python knows may make half a letter, which UTF-8 cannot hold
            return text.replace(_CHINESE_ESCAPE, "")  # pydicom leaves ISO 2022 IR 58's escape sequences in the text
        except (LookupError, ValueError):
            pass
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _terms(dataset: Dataset) -> list[str]:
    found = dataset.get("SpecificCharacterSet")
    values = [found] if isinstance(found, str) else list(found or ())
    return [str(term).strip().upper() for term in values]


def _items(dataset: Dataset, tag: BaseTag) -> Sequence[Dataset]:
    try:
        items = dataset[tag].value
    except Exception:  # a hostile sequence may raise anything while it is parsed; it is then left as it is
        return ()
    return [item for item in items or () if isinstance(item, Dataset)]


def _element(tag: BaseTag, vr: str, text: str) -> DataElement:
    kind = PersonName if vr == "PN" else str
    values = [kind(v.rstrip("\0 ")) for v in (text.split("\\") if vr in _SEVERAL else [text])]
    value = values[0] if len(values) == 1 else MultiValue(kind, values)
    return DataElement(tag, vr, value, already_converted=True, validation_mode=config.IGNORE)
