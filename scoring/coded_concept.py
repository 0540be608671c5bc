"""A coded concept as data: what spec.toml files declare and results carry, without any DICOM library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class CodedConcept:
    """Code value, coding scheme designator and code meaning (PS3.3 section 8.1)."""

    value: str
    scheme: str
    meaning: str
