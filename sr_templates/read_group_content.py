"""One measurement group by what its items are called and what they pertain to, found once for all questions to it."""

from __future__ import annotations

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from sr_templates import codes
from sr_templates.read_tree import Key, children, code_of, key_of, name_of, number_of


class GroupContent:
    """The items below a group."""

    def __init__(self, group: Dataset) -> None:
        self.group = group
        self._found: dict[tuple[Key, Key | None], list[Dataset]] = {}
        for item in children(group):
            about = {key_of(code_of(m)) for m in children(item) if name_of(m) == key_of(codes.PERTAINS_TO)}
            for key in (None, *about):
                self._found.setdefault((name_of(item), key), []).append(item)

    @property
    def tracked(self) -> str:
        """The tracking identifier; empty when it has none."""
        return next((str(i.get("TextValue") or "") for i in self.items(codes.TRACKING_IDENTIFIER)), "")

    def items(self, name: CodedConcept, about: CodedConcept | None = None) -> list[Dataset]:
        """Items of this name; with ``about``, those that pertain to that concept."""
        return self._found.get((key_of(name), key_of(about) if about else None), [])

    def number(self, name: CodedConcept, about: CodedConcept | None = None) -> float | None:
        """The first number of this name; None when there is none."""
        return next((n for item in self.items(name, about) if (n := number_of(item)) is not None), None)

    def code(self, name: CodedConcept, about: CodedConcept | None = None) -> CodedConcept | None:
        """The first code of this name; None when there is none."""
        return next((code_of(item) for item in self.items(name, about)), None)

    def interval(self, about: CodedConcept | None = None) -> tuple[float, float] | None:
        """Both ends of an interval, as they are written."""
        lower, upper = (self.number(name, about) for name in (codes.INTERVAL_LOWER, codes.INTERVAL_UPPER))
        return None if lower is None or upper is None else (lower, upper)
