"""Is a model card as young as what it speaks of? Told by digests, never by times, which a copy changes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from scoring.cards.card_facts import sources_of
from scoring.cards.card_files import CARD, CLAIM, TRIPOD
from scoring.errors import CardError
from scoring.spec import SystemSpec

_ROW: Final = re.compile(r"\| ([^|`]+) \| `([0-9a-f]{64})` \|")
_FILLED_FROM: Final = re.compile(rf"Filled from the model card `{CARD}` with the SHA-256 `([0-9a-f]{{64}})`")


def source_rows(sources: dict[str, Path]) -> list[str]:
    """The table of a card that says what it was written from."""
    rows = [f"| {what} | `{_digest(path)}` |" for what, path in sources.items()]
    return ["| written from | SHA-256 |", "| --- | --- |", *rows]


def filled_from(card: str) -> str:
    """The sentence of a table that says which card it was filled from."""
    return f"Filled from the model card `{CARD}` with the SHA-256 `{hashlib.sha256(card.encode()).hexdigest()}`."


def check_card(spec: SystemSpec, folder: Path) -> None:
    """Raise CardError, which names all that differs, when the card in ``folder`` is missing or older than they are."""
    again = f"Write it again: rheumascore card {spec.key}" + ("" if folder == spec.folder else f" --weights {folder}")
    try:
        card = (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CardError(f"{folder} has no model card {CARD}. {again}") from None
    said, now = dict(_ROW.findall(card)), {what: _digest(path) for what, path in sources_of(spec).items()}
    differing = [
        f"{what} {_shown(said.get(what))}, now {_shown(now.get(what))}"
        for what in dict.fromkeys([*now, *said])
        if said.get(what) != now.get(what)
    ]
    if differing:
        raise CardError(f"The model card in {folder} is older than what it speaks of: {'; '.join(differing)}. {again}")
    for name in (CLAIM, TRIPOD):
        found = _FILLED_FROM.search((folder / name).read_text(encoding="utf-8")) if (folder / name).exists() else None
        if found is None or found[1] != _digest(folder / CARD):
            raise CardError(f"{folder / name} is missing, or was filled from another model card. {again}")


def _shown(digest: str | None) -> str:
    return "none" if digest is None else f"{digest[:12]}…"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise CardError(f"{path} is missing; restore it before its model card is looked at.") from None
