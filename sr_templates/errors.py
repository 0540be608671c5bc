"""Errors of writing and reading DICOM results.

    RheumascoreError                 RS-000
    └── ResultObjectError            RS-200  a result could not be written as, or read from, DICOM objects
        ├── SourceMismatchError      RS-201  a source image is missing, or belongs to another study or patient
        ├── InvalidResultError       RS-202  the result names what its spec does not have, or a number out of range
        ├── InvalidObjectError       RS-203  an object is not valid DICOM; it must not be sent
        └── ForeignReportError       RS-204  a Structured Report is broken, or holds no scores that can be read back

All of them are permanent: writing again from the same result fails again, so a person has to look.
"""

from __future__ import annotations

from scoring.errors import RheumascoreError


class ResultObjectError(RheumascoreError):
    """A result could not be written as DICOM objects, or objects could not be read back."""

    code = "RS-200"


class SourceMismatchError(ResultObjectError):
    """A source image is missing, belongs to another study or patient, or disagrees with the others on that."""

    code = "RS-201"


class InvalidResultError(ResultObjectError):
    """The result names a site, item or total that its spec does not have, or holds a number out of range."""

    code = "RS-202"


class InvalidObjectError(ResultObjectError):
    """An object is not valid: attribute, what was wanted, what was found."""

    code = "RS-203"


class ForeignReportError(ResultObjectError):
    """A Structured Report is broken, or is not one of which scores can be read."""

    code = "RS-204"
