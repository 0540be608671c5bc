"""How a value of a result stands in a report: a share of 1 as a percentage, anything else in its own unit."""

from __future__ import annotations

from scoring.coded_concept import CodedConcept
from scoring.spec import ItemSpec, TotalSpec
from sr_templates import codes


def unit_of(spec: ItemSpec | TotalSpec) -> CodedConcept:
    """The unit of the values of an item or a total; without one they are scores."""
    return spec.unit or codes.SCORE


def written(value: float, unit: CodedConcept) -> float:
    """The number that the report holds."""
    return float(100 * value if unit == codes.PERCENT else value)


def value_of(number: float, unit: CodedConcept) -> float:
    """The value of which this number was written, when no line tells it.

    Shares have few digits: the one of at most 12 that gives this percentage is meant.
    """
    if unit != codes.PERCENT:
        return number
    plain = number / 100
    rounded = round(plain, 12)
    return rounded if 100 * rounded == number else plain


def is_exact(value: float, unit: CodedConcept) -> bool:
    """Whether the written number alone gives the value back."""
    return value_of(written(value, unit), unit) == value


def usual_probabilities(spec: ItemSpec, value: float | None) -> tuple[float, ...]:
    """The probabilities of the grades when no line tells them: a finding's is its value, and the rest."""
    return (round(1 - value, 12), value) if spec.scale == "present" and value is not None else ()
