"""Dealing subjects to parts so that every part has its share of every yes-or-no label.

Iterative stratification of multi-label data (Sechidis K et al., ECML PKDD 2011, LNCS 6913:145-158) with subjects, who
have many pictures, in place of samples: the label that is rarest among what is left comes first, and of its subjects
those with most of it. Each goes to the part that then lies nearest to its wish in all labels and in size, as in
``splits``. Ties are decided by SHA-256 of seed and name, so that neither the order of rows nor the machine nor a
library's generator counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from scoring.errors import LabelError
from scoring.learning.split import Split
from scoring.learning.splits import drawn_order


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """One picture of a subject: each label that could be judged, and whether it is present."""

    subject: str
    labels: Mapping[str, bool]


def deal_labels(cases: Sequence[LabelledCase], shares: Mapping[str, float], data_sha256: str, seed: int) -> Split:
    """Deal all subjects to the parts named in ``shares``, which add up to 1.

    LabelError: fewer subjects than parts; a part in which a label is never present, or always, for then nothing can be
    told apart in it.
    """
    subjects: dict[str, list[LabelledCase]] = {}
    for case in cases:
        subjects.setdefault(case.subject, []).append(case)
    if len(subjects) < len(shares):
        raise LabelError(
            f"There are {len(subjects)} subjects with a label for {len(shares)} parts, so a part would be empty; "
            "wanted at least one subject a part: ask for fewer parts or add readings."
        )
    parts = _dealt({name: _counts(own) for name, own in subjects.items()}, shares, seed)
    labels = sorted({label for case in cases for label in case.labels})
    for part, names in parts.items():
        _refuse_one_class(part, labels, [case for name in names for case in subjects[name]])
    return Split({part: tuple(sorted(names)) for part, names in parts.items()}, seed, "subject", (), data_sha256)


_SIZE = ""
"""Stands among the labels for the number of pictures."""


def _counts(cases: Sequence[LabelledCase]) -> dict[str, int]:
    """Pictures on which each label is present, and all of them."""
    counts = {_SIZE: len(cases)}
    for case in cases:
        for label, present in case.labels.items():
            counts[label] = counts.get(label, 0) + present
    return counts


def _dealt(subjects: Mapping[str, Mapping[str, int]], shares: Mapping[str, float], seed: int) -> dict[str, list[str]]:
    whole = _sum(subjects)
    held = {part: dict.fromkeys(whole, 0) for part in shares}
    dealt: dict[str, list[str]] = {part: [] for part in shares}

    def cost(part: str, counts: Mapping[str, int]) -> float:
        # growth of (pictures held)² / (pictures wished), by label and for the whole; fsum gives one sum everywhere
        own = held[part]
        return fsum((2 * own[one] + more) * more / whole[one] for one, more in counts.items() if more) / shares[part]

    left = dict(subjects)
    while left:
        label = _rarest(left)
        name = min(left, key=lambda one: (-left[one].get(label, 0), drawn_order(seed, one)))
        empty = [part for part, names in dealt.items() if not names]
        # the last subjects are kept for parts that would go without
        counts, among = left[name], empty if len(empty) == len(left) else list(shares)
        part = min(among, key=lambda one: cost(one, counts))
        for one, count in left.pop(name).items():
            held[part][one] += count
        dealt[part].append(name)
    return dealt


def _rarest(left: Mapping[str, Mapping[str, int]]) -> str:
    """The label with fewest pictures among those that are left; the number of pictures once no label is left."""
    present = {label: count for label, count in _sum(left).items() if count and label != _SIZE}
    return min(present, key=lambda label: (present[label], label)) if present else _SIZE


def _sum(subjects: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    whole: dict[str, int] = {}
    for counts in subjects.values():
        for label, count in counts.items():
            whole[label] = whole.get(label, 0) + count
    return whole


def _refuse_one_class(part: str, labels: Sequence[str], cases: Sequence[LabelledCase]) -> None:
    for label in labels:
        found = {case.labels[label] for case in cases if label in case.labels}
        if len(found) < 2:
            always = "always" if True in found else "never"
            raise LabelError(
                f"In the part {part!r} the label {label!r} is {always} present, so nothing can be told apart in it; "
                "ask for fewer folds or a larger share, or add subjects."
            )
