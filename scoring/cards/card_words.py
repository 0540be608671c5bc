"""card.toml of a system: what its model card says that no measurement can, checked whole."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from scoring.errors import SpecError

WORDS: Final = "card.toml"
_PACKAGED: Final = "packaged"


@dataclass(frozen=True, slots=True)
class PackagedWords:
    """What holds for the weights that come with the software, and for no others."""

    not_for: str
    training: str
    fails: tuple[str, ...]
    licence: str


@dataclass(frozen=True, slots=True)
class CardWords:
    """What holds for a system with whatever weights. Texts are Markdown."""

    context_of_use: str
    """Beside whom, for whom, and in which role."""
    not_for: str
    how_it_works: str
    preprocessing: str
    network: str
    training: str
    """How a centre's own weights are learnt: loss, sampling, augmentation, choice of the model."""
    splits: str
    not_given: str
    """When there is no number, and what stands in its place."""
    explanation: str
    fails: tuple[str, ...]
    packaged: PackagedWords


def read_card_words(folder: Path) -> CardWords:
    """The words of the system in a folder; SpecError names file and key."""
    where = f"{folder.name}/{WORDS}"
    try:
        raw = tomllib.loads((folder / WORDS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{where} cannot be read: {error}.") from None
    packaged = raw.pop(_PACKAGED, None)
    if not isinstance(packaged, dict):
        raise SpecError(f"{where}: [{_PACKAGED}] must be a table, found {packaged!r}.")
    of_packaged = PackagedWords(**_checked(packaged, PackagedWords, f"{where}: {_PACKAGED}."))
    return CardWords(**_checked(raw, CardWords, f"{where}: "), packaged=of_packaged)


def _checked(raw: dict[str, Any], kind: type, where: str) -> dict[str, Any]:
    wanted = {field.name: field.type for field in fields(kind) if field.name != _PACKAGED}
    if odd := sorted(raw.keys() ^ wanted.keys()):
        raise SpecError(f"{where}{odd[0]} is missing or unknown; wanted exactly {', '.join(wanted)}.")
    values: dict[str, Any] = {}
    for key, type_name in wanted.items():
        listed = raw[key] if "tuple" in str(type_name) else [raw[key]]
        if not isinstance(listed, list) or not all(isinstance(text, str) and text.strip() for text in listed):
            raise SpecError(f"{where}{key} must be {'texts' if 'tuple' in str(type_name) else 'a text'}, not empty.")
        texts = tuple(text.strip() for text in listed)
        values[key] = texts if "tuple" in str(type_name) else texts[0]
    return values
