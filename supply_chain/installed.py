"""What an install of rheumascore brings: its distributions, their licences, and how they need each other."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "rheumascore"


def installed_tree(extras: Iterable[str] = ()) -> dict[str, tuple[Distribution, tuple[str, ...]]]:
    """Every distribution that ``rheumascore[extras]`` needs here, by canonical name, with the names that it needs.

    A requirement that is not installed (of another platform, of an extra that nobody asked for) is left out.
    """
    found: dict[str, tuple[Distribution, tuple[str, ...]]] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(ROOT, frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            here = distribution(name)
        except PackageNotFoundError:
            continue
        needs = [r for r in map(Requirement, here.requires or ()) if _applies(r, wanted)]
        before = found[name][1] if name in found else ()
        found[name] = here, tuple(sorted({*before, *(canonicalize_name(r.name) for r in needs)}))
        waiting += [(canonicalize_name(r.name), frozenset(r.extras)) for r in needs]
    return found


def licence_of(here: Distribution) -> str:
    """As the distribution says it: the SPDX expression, else its trove classifiers, else the first line of its text."""
    data = here.metadata
    if expression := data.get("License-Expression"):
        return str(expression)
    said = [line.rpartition(" :: ")[2] for line in data.get_all("Classifier") or () if line.startswith("License ::")]
    return " AND ".join(said) or str(data.get("License") or "").strip().partition("\n")[0]


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
